/**
 * How the command line is called from here: from a project that has the package, or from our own checkout.
 *
 * The checkout runs its TypeScript as it stands, which a package never does, so the ending of this very file tells.
 */
export const commandWord = import.meta.url.endsWith('.ts') ? 'npm run cardumen --' : 'npx cardumen'
