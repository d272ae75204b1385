/** What the two processes do with the two devices. */
import { type Channel, currentProcess, type Event, isCardumenError, type Lock } from 'cardumen/threads'

type Device = 'printer' | 'scanner'

export interface Office {
  readonly printer: Lock
  readonly scanner: Lock
  readonly printerTaken: Event
  readonly scannerTaken: Event
  readonly diary: Channel<string>
}

/**
 * Takes one device, waits until the other process has the other one, and then wants that too.
 * @returns how many attempts it took.
 */
export async function takeBoth(office: Office, first: Device, second: Device, patienceMs: number): Promise<number> {
  const tell = (what: string): Promise<void> => office.diary.sendAsync(`${currentProcess().name} ${what}`)
  for (let attempt = 1; ; attempt++) {
    await office[first].acquireAsync()
    await tell(`has the ${first}, and wants the ${second}`)
    office[`${first}Taken`].set()
    await office[`${second}Taken`].waitAsync()
    try {
      using _second = await office[second].holdAsync({ timeoutMs: patienceMs })
      await tell('has both, and works')
      return attempt
    } catch (error) {
      if (!isCardumenError(error, 'timed-out')) throw error
      await tell(`gives up after ${patienceMs} ms`)
    } finally {
      office[first].release()
    }
    await untilReleased(office[second])
  }
}

/** Both processes want the printer before the scanner: who has the scanner has the printer already, and waits for nobody. */
export async function workInOrder({ printer, scanner }: Office, jobs: number): Promise<number> {
  let done = 0
  while (done < jobs) {
    using _printing = await printer.holdAsync()
    using _scanning = await scanner.holdAsync()
    done++
  }
  return done
}

/** The other one gets its turn first: it is not in the way any more. */
async function untilReleased(device: Lock): Promise<void> {
  using _held = await device.holdAsync()
}
