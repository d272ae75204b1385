/** A module's functions through a pool keep their types. The compiler runs this, Node does not. */
import type { HandedOver } from './hand-over.ts'
import type { PoolFunctions } from './pool-functions.ts'

interface Work {
  readonly title: string
  double(value: number): number
  find(name: string): Promise<boolean>
  pixels(): HandedOver<Uint8Array>
}

export async function calls(functions: PoolFunctions<Work>): Promise<void> {
  const doubled: number = await functions.double(2)
  const found: boolean = await functions.find.with({ timeoutMs: 5 })('x')
  const pixels: Uint8Array = await functions.pixels()
  void [doubled, found, pixels]
  // @ts-expect-error the argument is a number
  await functions.double('2')
  // @ts-expect-error a result comes as a promise
  const now: number = functions.double(2)
  // @ts-expect-error what is no function is not there
  void functions.title
  // @ts-expect-error no such option
  void functions.double.with({ timeout: 5 })
  void now
}
