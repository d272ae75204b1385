/**
 * The style of the HTML diagram, light and dark; kept as text, since the page must stand alone.
 */
const light = `--back:#fbfaf7;--bar:#f1eee7;--ink:#22231f;--faint:#8b8a80;--rule:#d9d5ca;--life:#a9a598;--fault:#b3261e;--note:#1d6b52;
--t0:#1f5fa8;--t1:#8a4b08;--t2:#6a3d9a;--t3:#0f766e;--t4:#a3195b;--t5:#4d6b0a;--t6:#7a4a3a;--t7:#44546a;color-scheme:light`
const dark = `--back:#191a1c;--bar:#232528;--ink:#e9e6df;--faint:#8f8d86;--rule:#3a3c40;--life:#5d5f64;--fault:#ff8a7a;--note:#74d3ae;
--t0:#7fb7ff;--t1:#f0b46a;--t2:#c8a5f0;--t3:#5fd3c4;--t4:#ff94c2;--t5:#bcd96a;--t6:#dba897;--t7:#aebdd1;color-scheme:dark`

export const spaceTimeStyle = `:root{${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
:root[data-theme=light]{${light}}
:root[data-theme=dark]{${dark}}
*{box-sizing:border-box}
body{margin:0;height:100vh;display:flex;flex-direction:column;background:var(--back);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
header{padding:10px 16px;background:var(--bar);border-bottom:1px solid var(--rule)}
h1{margin:0 0 2px;font-size:17px;font-weight:650;overflow-wrap:anywhere}
.facts{color:var(--faint);display:flex;flex-wrap:wrap;gap:2px 16px}
.facts b{color:var(--ink);font-weight:600}
.tools{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin-top:8px}
.tools .right{margin-left:auto;display:flex;gap:6px;align-items:center}
.help{margin-top:6px;color:var(--faint);font-size:12px}
button,select,input[type=search]{font:inherit;color:inherit;background:var(--back);border:1px solid var(--rule);border-radius:6px;padding:3px 9px}
button{cursor:pointer}
fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:4px 10px;max-height:64px;overflow:auto}
#scale{min-width:48px;text-align:center;color:var(--faint)}
#scroll{flex:1;overflow:auto}
#scroll svg{display:block}

#scroll .names{position:sticky;top:0;z-index:1;min-width:100%;width:max-content;background:var(--bar);border-bottom:1px solid var(--rule)}
#none{padding:24px 16px;color:var(--faint)}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
#names text{text-anchor:middle;font-weight:650;font-size:13px}
svg .time{fill:var(--faint);text-anchor:end;font-variant-numeric:tabular-nums;font-size:11px}
.halo{paint-order:stroke;stroke:var(--back);stroke-width:4px;stroke-linejoin:round}
.life{stroke:var(--life);stroke-width:1.5}
.life.absent{stroke-dasharray:2 6}
.e circle{fill:var(--back);stroke:var(--ink);stroke-width:1.6}
.e.timer circle{stroke:var(--faint)}
.e,.m{cursor:pointer}
.e .note{fill:var(--note)}
.e .dim{fill:var(--faint)}
.f line,.f path{stroke:var(--fault);stroke-width:1.6;fill:none}
.f .band{stroke-dasharray:6 4;opacity:.6}
.f text{fill:var(--fault);font-weight:600}
.f.over text{fill:var(--note)}
.f.over line,.f.over path{stroke:var(--note)}
.f .time,.f.over .time{fill:var(--faint);font-weight:400}
.m .hit{stroke:transparent;stroke-width:10;fill:none}
.m .line{fill:none;stroke:var(--c);stroke-width:1.4}
.m text{fill:var(--c);text-anchor:middle;font-size:11px}
.m.again .line{stroke-dasharray:7 3}
.m.lost .line,.m.unseen .line{stroke-dasharray:2 3}
.m .end{font-size:15px;font-weight:700}
.m.lost .end{fill:var(--fault)}
.m.on .line{stroke-width:3.2}
.e.on circle{fill:var(--ink)}
${Array.from({ length: 8 }, (_, index) => `.t${index}{--c:var(--t${index})}`).join('')}
.key{display:inline-flex;align-items:center;gap:5px}
.key svg{overflow:visible}
#panel{position:fixed;right:14px;bottom:14px;width:min(460px,90vw);max-height:46vh;overflow:auto;background:var(--bar);border:1px solid var(--rule);border-radius:8px;padding:10px 12px;box-shadow:0 4px 18px #0003}
#what{font-weight:600;overflow-wrap:anywhere}
#detail{margin:6px 0 0;font:11px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;color:var(--ink)}
`
