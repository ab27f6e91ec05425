import type { Element } from "xast";
import { toXml } from "xast-util-to-xml";
import { x } from "xastscript";

/** The colours of lines and bars, light and dark, each with a contrast of at least 3 to 1. */
export const SERIES = ["one", "two", "three", "four"] as const;

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1c2024; }
.soft { fill: #5a6169; } .grid { stroke: #d5d9de; } .axis { stroke: #5a6169; }
.one { stroke: #1f4fa3; fill: #1f4fa3; } .two { stroke: #14683a; fill: #14683a; } .three { stroke: #7a4a00; fill: #7a4a00; } .four { stroke: #a11f1f; fill: #a11f1f; }
.quiet { stroke: #a4acb5; fill: #a4acb5; } .line { fill: none; stroke-width: 2; } .dot { stroke: none; } .guide { fill: none; stroke-dasharray: 4 4; }
.point { stroke: #1c2024; fill: none; }
.background { fill: #fff; }
@media (prefers-color-scheme: dark) {
  text { fill: #e7eaee; } .soft { fill: #a4acb5; } .grid { stroke: #383f47; } .axis { stroke: #a4acb5; } .background { fill: #14171a; } .point { stroke: #e7eaee; }
  .one { stroke: #8db4ff; fill: #8db4ff; } .two { stroke: #7fd6a0; fill: #7fd6a0; } .three { stroke: #f2c46d; fill: #f2c46d; } .four { stroke: #ff9d97; fill: #ff9d97; }
  .quiet { stroke: #5a6169; fill: #5a6169; }
}
`;

/** A picture that follows the reader's light or dark mode. */
export function picture(width: number, height: number, parts: readonly Element[]): string {
  const svg = x("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height }, [
    x("style", STYLE),
    rect("background", { x: 0, y: 0, width, height }),
    ...parts,
  ]);
  return `${toXml(svg)}\n`;
}

export function label(
  text: string,
  at: { readonly x: number; readonly y: number },
  anchor: "start" | "middle" | "end" = "start",
  className = "",
): Element {
  return x("text", { ...rounded(at), "text-anchor": anchor, class: className }, text);
}

export function rect(
  className: string,
  place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Element {
  return x("rect", { class: className, ...rounded(place) });
}

export function line(className: string, points: readonly (readonly [number, number])[]): Element {
  return x("polyline", { class: className, points: points.map((pair) => pair.map(short).join(",")).join(" ") });
}

export function dot(className: string, [cx, cy]: readonly [number, number], r = 3): Element {
  return x("circle", { class: className, cx: short(cx), cy: short(cy), r });
}

function rounded(values: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, short(value)]));
}

const short = (value: number): string => String(Math.round(value * 10) / 10);
