/**
 * @grpc/grpc-js: one unary call over one HTTP/2 connection, without TLS, messages loaded by @grpc/proto-loader.
 *
 * Its guides say: reuse one stub and channel, keep the connection alive, no compression for small messages.
 */
import { fileURLToPath } from 'node:url'
import {
  Client,
  credentials,
  loadPackageDefinition,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Caller, Contender, Echo, Serving, Setting } from './contender.ts'

const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
}

type EchoClient = Client & {
  Echo(argument: Echo, callback: (error: Error | null, value?: Echo) => void): void
}

export const contender: Contender = { serve, connect }

async function serve(_setting: Setting): Promise<Serving> {
  const server = new Server(CHANNEL_OPTIONS)
  server.addService(benchService().service, {
    Echo: (call: ServerUnaryCall<Echo, Echo>, callback: sendUnaryData<Echo>) => callback(null, call.request),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() }
}

async function connect(_setting: Setting, address: string): Promise<Caller> {
  const client = new (benchService())(address, credentials.createInsecure(), CHANNEL_OPTIONS) as unknown as EchoClient
  return {
    call: (argument) =>
      new Promise((resolve, reject) => {
        client.Echo(argument, (error, value) => (value === undefined ? reject(error) : resolve(value)))
      }),
    close: async () => client.close(),
  }
}

function benchService(): ServiceClientConstructor {
  const definition = loadSync(fileURLToPath(new URL('./echo.proto', import.meta.url)))
  const loaded = loadPackageDefinition(definition) as unknown as { bench: { Bench: ServiceClientConstructor } }
  return loaded.bench.Bench
}
