import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LoopbackListener } from './loopback/listener.ts';

/** A message as it arrived. */
export interface ReceivedMessage {
  readonly path: string;
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string | undefined;
  readonly body: string;
  /** `<entity>.<action>` */
  readonly event: string;
  /** The model it is about. */
  readonly model: string;
}

/** What a webhook of MLflow points to: reads every message as a receiver would, and answers what a test wants. */
export class WebhookReceiver {
  readonly messages: ReceivedMessage[] = [];
  answer: (message: ReceivedMessage, response: ServerResponse) => void = (_, response) => void response.end();
  /** Messages that were open at the same time, at most. */
  most = 0;
  #open = 0;
  readonly #listener = new LoopbackListener((request, response) => void this.#take(request, response));

  /** Listens. */
  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await receiver.start();
    return receiver;
  }

  get url(): string {
    return this.#listener.url;
  }

  get models(): string[] {
    return this.messages.map((message) => message.model);
  }

  /** After `stop` on the same port as before. */
  start(): Promise<void> {
    return this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.most = Math.max(this.most, ++this.#open);
    response.once('close', () => this.#open--);
    const body = await text(request);
    const said = JSON.parse(body) as { readonly entity: string; readonly action: string; readonly data: { readonly name: string } };
    const header = (name: string): string | undefined => request.headers[name] as string | undefined;
    const message = { path: request.url ?? '', id: header('x-mlflow-delivery-id') ?? '', timestamp: header('x-mlflow-timestamp') ?? '', signature: header('x-mlflow-signature'), body, event: `${said.entity}.${said.action}`, model: said.data.name };
    this.messages.push(message);
    this.answer(message, response);
  }
}

/** The signature a message must have, as MLflow's documentation tells receivers to compute it. */
export function signatureOf(secret: string, { id, timestamp, body }: ReceivedMessage): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
