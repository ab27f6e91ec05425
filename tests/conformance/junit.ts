// Parses the JUnit reports of the conformance suites: cases, their results and their requests.

export interface Request {
  readonly method: string;
  /** Without the server, `/v2/<name>/blobs/<digest>`. */
  readonly path: string;
  readonly status: number;
}

export interface Case {
  readonly name: string;
  readonly ending: "passed" | "failed" | "skipped";
  /** The requests of the case, which only the newer suite records. */
  readonly requests: readonly Request[];
  readonly output: string;
}

export function parseJunit(xml: string): Case[] {
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)].map(([, attributes = "", body = ""]) => {
    const output = decode(body);
    return {
      name: attribute(attributes, "name"),
      ending: endingOf(attribute(attributes, "status")),
      requests: requestsIn(output),
      output,
    };
  });
}

function endingOf(status: string): Case["ending"] {
  switch (status) {
    case "passed":
    case "skipped":
      return status;
    case "failure":
    case "failed":
    case "error":
    case "panicked":
      return "failed";
    default:
      throw new Error(`A conformance report has the unknown status "${status}".`);
  }
}

function requestsIn(output: string): Request[] {
  const exchange =
    /~~~ REQUEST ~~~\nMethod: (\S+)\nURL: \w+:\/\/[^/\s]+(\/\S*)\n.*?~~~ RESPONSE ~~~\nStatus: (\d+)\n/gs;
  return [...output.matchAll(exchange)].map(([, method = "", path = "", status]) => ({
    method,
    path,
    status: Number(status),
  }));
}

function attribute(attributes: string, name: string): string {
  return decode(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

function decode(text: string): string {
  return text
    .replace(/&#x([0-9A-Fa-f]+);/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
