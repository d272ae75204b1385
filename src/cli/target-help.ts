/** How a command's help explains its targets; apart from `target.ts`, so that help loads nothing else. */
export const targetHelp = `
TARGET is a path (/services/mail), the name of a service (member.m1), or a capability:
  cap:…     its text; others on this machine can read it with "ps", so rather use
  env:NAME  the variable NAME of the environment, or
  -         the standard input`
