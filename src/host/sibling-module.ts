/**
 * The URL of a module beside another one, for threads and processes that begin with it.
 *
 * The tree runs as TypeScript and the published package as JavaScript, and no compiler rewrites such a URL; so the
 * sibling gets the extension of the module that asks.
 */

/** @param ofUrl - `import.meta.url` of the caller. @param name - the sibling's file name without extension. */
export function siblingModule(ofUrl: string, name: string): URL {
  const extension = ofUrl.slice(ofUrl.lastIndexOf('.'))
  return new URL(`./${name}${extension}`, ofUrl)
}
