/**
 * Finding what a simulated world knows by the URL or path that a program names it by.
 *
 * A world has no files, and a URL of a module differs between checkouts; so modules are entered under the end of
 * their path (`jobs/resize.ts`), or under the whole URL. The longest entry that fits is meant.
 */
export function registeredUnder<Entry>(entries: Readonly<Record<string, Entry>>, url: string): Entry | undefined {
  if (Object.hasOwn(entries, url)) return entries[url]
  const fitting = Object.keys(entries).filter((key) => url.endsWith(`/${key.replace(/^(?:\.?\/)+/, '')}`))
  const [longest] = fitting.toSorted((left, right) => right.length - left.length)
  return longest === undefined ? undefined : entries[longest]
}

/** For the error of one that is not there. */
export function listed(entries: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(entries)
  return keys.length === 0 ? 'none is' : `there are ${keys.toSorted().join(', ')}`
}
