import { h, s } from "hastscript";
import type { Element } from "hast";
import { keysOf } from "../report.ts";
import type { KeyLife, Report } from "../report.ts";
import { shortTime, time } from "./parts.ts";

/** Each key's life on a line. The line has no text of its own: text that is scaled with it is unreadable on a phone. */
export function keySections(report: Report): readonly Element[] {
  return keysOf(report).map((key, index) => keySection(key, index === 0 ? "key" : `key-${index + 1}`, report.ended));
}

function keySection(key: KeyLife, id: string, ended: string): Element {
  const { account, label, created, rotates, expires, unmanaged } = key;
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, `The key of ${account}`),
    line(key, ended),
    h(
      "dl",
      ...[
        ["Created", time(created)],
        ["This report", h("span", time(ended), h("span", { class: "mark now", "aria-hidden": "true" }, " ▏"))],
        ["Rotates from", time(rotates)],
        ["Expires", time(expires)],
        ["Label in zot", h("code", label)],
        ["Unmanaged keys", String(unmanaged)],
      ].flatMap(([term, value]) => [h("dt", term), h("dd", value)]),
    ),
  );
}

const WIDTH = 1000;

function line({ created, rotates, expires }: KeyLife, ended: string): Element {
  const [from, until] = [Date.parse(created), Date.parse(expires)];
  const place = (date: string): number => {
    const share = (Date.parse(date) - from) / (until - from);
    return Math.round(WIDTH * Math.min(1, Math.max(0, share)));
  };
  const [rotation, now] = [place(rotates), place(ended)];
  return s(
    "svg",
    {
      class: "life",
      role: "img",
      "aria-label": `From ${shortTime(created)} to ${shortTime(expires)}; rotation from ${shortTime(rotates)}; now ${Math.round((100 * now) / WIDTH)} % of its life has passed.`,
      viewBox: `0 0 ${WIDTH} 24`,
      preserveAspectRatio: "none",
    },
    s("rect", { class: "quiet", x: 0, y: 6, width: rotation, height: 12 }),
    s("rect", { class: "rotating", x: rotation, y: 6, width: WIDTH - rotation, height: 12 }),
    s("rect", { class: "past", x: 0, y: 6, width: now, height: 12 }),
    s("line", { class: "now", x1: now, x2: now, y1: 0, y2: 24 }),
  );
}
