/**
 * What workerpool's threads run: it wants a script that offers its functions by itself.
 */
import workerpool from 'workerpool'
import { nullTask } from '../tasks/null-task.ts'
import { lengthOf } from './buffer-task.ts'

workerpool.worker({ nullTask, lengthOf, moveBack })

function moveBack(buffer: ArrayBuffer): unknown {
  return new workerpool.Transfer(buffer, [buffer])
}
