import type { HttpResponse } from "./http.ts";

type Answer = Pick<HttpResponse, "text" | "header">;

/** Characters of an answer that an error quotes. */
const LIMIT = 300;

/** What a server answered, for an error's text: one line; of an HTML page its title, since it is a proxy's or a sign-in page's as often as the server's own. */
export function saidIn(answer: Answer): string {
  return isHtml(answer) ? pageIn(answer) : answer.text.replace(/\s+/g, " ").trim().slice(0, LIMIT);
}

export function isHtml(answer: Answer): boolean {
  return /^text\/html\b/i.test(answer.header("content-type") ?? "") || /^\s*<(?:!doctype|html)\b/i.test(answer.text);
}

export function pageIn({ text }: Pick<Answer, "text">): string {
  const title = /<title[^>]*>([^<]{1,80})/i.exec(text)?.[1]?.replace(/\s+/g, " ").trim() ?? "";
  return title === "" ? "an HTML page" : `the HTML page "${title}"`;
}
