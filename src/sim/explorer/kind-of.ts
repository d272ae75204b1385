/**
 * What a message, call, timer or outcome is called: its `kind`, or itself where it is a word.
 */
export function kindOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return String(value)
  const { kind } = value as { readonly kind?: unknown }
  return typeof kind === 'string' ? kind : 'message'
}
