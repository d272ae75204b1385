/** What piscina's threads run with large arguments. */
import { move } from 'piscina'

export { lengthOf } from './buffer-task.ts'

export function moveBack(buffer: ArrayBuffer): unknown {
  return move(buffer)
}
