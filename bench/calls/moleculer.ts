/**
 * Moleculer 0.15 over its TCP transporter, at its best documented setting.
 *
 * Two nodes with a static list of addresses (no UDP discovery); logger, metrics, tracing, validator, internal
 * services and middlewares are off. Its default serializer, JSON, is also the fastest of the documented ones for this
 * payload: CBOR (cbor-x) and Notepack were tried and made 5 to 20 % fewer calls a second.
 */
import { type BrokerOptions, ServiceBroker } from 'moleculer'
import type { Caller, Contender, Echo, Serving, Setting } from './contender.ts'
import { freePort } from './free-port.ts'

export const contender: Contender = { serve, connect }

async function serve(_setting: Setting): Promise<Serving> {
  const address = `127.0.0.1:${await freePort()}/server,127.0.0.1:${await freePort()}/client`
  const broker = new ServiceBroker(options('server', address))
  broker.createService({
    name: 'echo',
    actions: {
      echo: { handler: (context: { params: Echo }) => context.params },
    },
  })
  await broker.start()
  return { address, close: () => broker.stop() }
}

async function connect(_setting: Setting, address: string): Promise<Caller> {
  const broker = new ServiceBroker(options('client', address))
  await broker.start()
  await broker.waitForServices('echo', 20_000, 50)
  return {
    call: (argument) => broker.call<Echo, Echo>('echo.echo', argument),
    close: () => broker.stop(),
  }
}

function options(nodeID: string, urls: string): BrokerOptions {
  return {
    nodeID,
    logger: false,
    metrics: false,
    tracing: false,
    validator: false,
    internalServices: false,
    internalMiddlewares: false,
    contextParamsCloning: false,
    serializer: 'JSON',
    transporter: { type: 'TCP', options: { udpDiscovery: false, urls, useHostname: false, gossipPeriod: 1 } },
  }
}
