/**
 * A message, call or outcome as a trace shows it: its kind, and its fields with bytes replaced by their size and ports
 * cut short, so that a trace can be shown to anyone.
 */
export interface Summary {
  readonly type: string
  readonly detail: object
}

export function summaryOf(of: { readonly kind: string }): Summary {
  const detail: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(of)) {
    if (name === 'kind' || name === 'selector') continue
    detail[name] = shown(name, value)
  }
  return { type: of.kind, detail }
}

function shown(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: value.length }
  if (name === 'port' && typeof value === 'string') return `${value.slice(0, 6)}…`
  if (value === Number.POSITIVE_INFINITY) return 'none'
  return value
}
