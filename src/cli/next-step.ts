/**
 * What to do about an error, for those that do not say so themselves.
 *
 * An error's own hint knows more of its case and comes first. Codes that a command line never meets have no line here.
 */
import type { CardumenError } from '../lib/cardumen-error.ts'
import type { ErrorCode } from '../lib/error-codes.ts'

const nextSteps: Partial<Record<ErrorCode, string>> = {
  'access-refused': 'Ask its owner for a column of the directory that sees it ("cardumen chmod").',
  'address-unknown': 'Its server has gone; "cardumen status" shows what is served.',
  'capability-expired': 'Ask for a new capability.',
  'capability-invalid': 'Copy the whole text, from "cap:" to its end.',
  'capability-refused': 'Ask its server for a new capability.',
  'capability-revoked': 'It was taken back; ask for a new capability, or look its name up again.',
  'directory-full': 'Remove names, or make another directory.',
  'directory-not-empty': 'Remove what is in it first; "cardumen tree" shows it.',
  'disk-full': 'Make room on the disk of the state folder, or choose another with --home.',
  'engine-failed': 'Run "cardumen doctor".',
  'handshake-refused': 'Are all members of the same version? "cardumen down", then "cardumen up".',
  'input-refused': 'Give the argument that the message describes.',
  'lease-lost': 'Is the machine overloaded, or was the process stopped? Run "cardumen doctor".',
  'member-died': 'Run it again; "cardumen status" shows who is left.',
  'name-clash': 'Somebody changed it meanwhile; look again, and run it again.',
  'name-exists': 'Choose another name, or remove that one first.',
  'name-invalid': 'Choose another name.',
  'name-taken': 'Choose another name; "cardumen status" shows those in use.',
  'name-unknown': '"cardumen status" shows what is served, "cardumen ls" what has a name.',
  'not-a-directory': '"cardumen tree" shows which names are directories.',
  'object-unknown': 'It was destroyed; "cardumen rm" takes its name away.',
  'operation-unknown': 'Choose one of the operations named.',
  'option-invalid': 'See the help of the command.',
  'process-failed': 'Its log lies in the folder "logs" of the state folder.',
  'process-unknown': '"cardumen ps" lists the programs that run.',
  'right-missing': 'Ask for a capability with that right; "cardumen cap show" tells what yours grants.',
  'root-absent': 'Whoever starts this process gives it a root.',
  'state-damaged': 'Choose another state folder with --home, or put back a copy of this one.',
  'state-newer': 'Upgrade cardumen, or choose another state folder with --home.',
  'state-unwritable': 'Choose another state folder with --home or CARDUMEN_HOME.',
  'system-absent': 'Start one: cardumen up',
  throttled: 'Wait a second, and use a capability that is genuine.',
  'timed-out': 'Is a member stopped or busy? Look at "cardumen status".',
  'try-again': 'Its server is busy; try again, or start more of them.',
  unreachable: 'Look at "cardumen status", then run "cardumen doctor".',
}

export function nextStepOf(error: CardumenError): string | undefined {
  return error.hint ?? nextSteps[error.code]
}
