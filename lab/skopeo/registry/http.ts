// Stands in for skopeo: HTTP requests to a registry.
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly body: Buffer;
  header(name: string): string | undefined;
}

export interface Request {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Whether the certificate must be valid. */
  readonly verifyTls: boolean;
}

/** Sends a request and reads the whole response. Follows redirects of GET and HEAD only. */
export async function send(url: URL, options: Request): Promise<Answer> {
  const answer = await exchange(url, options);
  const location = answer.header("location");
  const reads = options.method === "GET" || options.method === "HEAD";
  if (!reads || location === undefined || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
  const target = new URL(location, url);
  // Do not send the registry's credentials to another host, such as its blob storage.
  const { Authorization: authorization, ...others } = options.headers ?? {};
  const keep = target.host === url.host && authorization !== undefined;
  return exchange(target, { ...options, headers: { ...others, ...(keep ? { Authorization: authorization } : {}) } });
}

function exchange(url: URL, { method, headers, body, verifyTls }: Request): Promise<Answer> {
  const length = body === undefined ? {} : { "Content-Length": String(body.length) };
  const options = { method, headers: { "User-Agent": "skopeo/1.9.3", ...headers, ...length } };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? requestHttps(url, { ...options, rejectUnauthorized: verifyTls })
        : requestHttp(url, options);
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? "",
          body: Buffer.concat(chunks),
          header: (name) => {
            const value = response.headers[name];
            return Array.isArray(value) ? value[0] : value;
          },
        });
      });
    });
    request.end(body);
  });
}
