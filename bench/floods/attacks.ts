/**
 * The attacks of the suite by name, apart from the process that makes them, which cannot be imported.
 */
export const attacks = ['drip', 'calls', 'streams', 'capabilities', 'garbage'] as const
export type Attack = (typeof attacks)[number]
