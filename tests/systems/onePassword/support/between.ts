// A real HTTP server between our client and the lab's 1Password Connect, where a test loses or delays responses, or writes in between.
import { listen } from "../../../../lab/shared/listen.ts";
import type { RunningServer } from "../../../../lab/shared/listen.ts";

export interface Asked {
  readonly method: string;
  /** With the query, decoded. */
  readonly path: string;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** What is answered to a request; `hang up` answers nothing and ends the connection. */
export type Meddle = (asked: Asked, forward: () => Promise<Reply>) => Promise<Reply | "hang up">;

export class Between implements RunningServer {
  readonly url: string;
  /** Every request so far: `GET /v1/vaults`. */
  readonly asked: string[] = [];
  meddle: Meddle = (_asked, forward) => forward();
  readonly #server: RunningServer;
  #closed = false;

  private constructor(server: RunningServer) {
    this.#server = server;
    this.url = server.url;
  }

  static async start(target: string): Promise<Between> {
    const started: { between?: Between } = {};
    const server = await listen(
      (request, response) => {
        const answer = async (): Promise<void> => {
          const chunks: Buffer[] = [];
          for await (const chunk of request) chunks.push(chunk as Buffer);
          const { method = "", url = "", headers } = request;
          const forward = async (): Promise<Reply> => {
            const answered = await fetch(target + url, {
              method,
              headers: {
                authorization: headers.authorization ?? "",
                ...(headers["content-type"] === undefined ? {} : { "content-type": headers["content-type"] }),
              },
              ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
            });
            return { status: answered.status, body: await answered.text() };
          };
          const asked = { method, path: decodeURIComponent(url), body: Buffer.concat(chunks).toString() };
          started.between?.asked.push(`${asked.method} ${asked.path}`);
          const reply = await (started.between?.meddle(asked, forward) ?? forward());
          if (reply === "hang up") response.destroy();
          else response.writeHead(reply.status, { "content-type": "application/json" }).end(reply.body);
        };
        answer().catch((error: unknown) => response.destroy(error as Error));
      },
      { name: "the test", port: 0 },
    );
    started.between = new Between(server);
    return started.between;
  }

  async close(): Promise<void> {
    if (!this.#closed) await this.#server.close();
    this.#closed = true;
  }
}
