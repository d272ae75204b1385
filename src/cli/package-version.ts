/**
 * The version in the package.json above this file, wherever the package lies: in a checkout, compiled, or installed.
 */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

export function packageVersion(): string {
  const path = findPackageJSON(import.meta.url)
  if (path === undefined) return 'unknown'
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
