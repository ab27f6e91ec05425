import { format } from "oxfmt";

/** Text as `npm run format` leaves it. The formatter's errors are those of the text. */
export async function formatted(file: string, text: string): Promise<string> {
  const { code, errors } = await format(file, text, { printWidth: 120, proseWrap: "preserve" });
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join("; ")}`);
  return code;
}
