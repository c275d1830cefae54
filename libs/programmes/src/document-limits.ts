/** What a document may be at most: what a YAML reader takes for rubbish grows with the square of it, and is a second or two here. */
export const documentCharsMax = 200_000;
/** Lists and fields within each other; a rulebook needs six. */
const depthMax = 50;
/** How far a line may be indented. */
const indentMax = 200;

export interface TooMuch {
  readonly offset: number;
  readonly message: string;
}

/** Before a YAML reader sees it: what is endless, or nested without end, costs nothing. */
export const tooMuchFor = (text: string): TooMuch | null => {
  if (text.length > documentCharsMax)
    return { offset: 0, message: `is too long: ${documentCharsMax} characters at most` };
  let open = 0;
  let lineBegins = true;
  let indent = 0;
  for (let offset = 0; offset < text.length; offset += 1) {
    const char = text.charAt(offset);
    if (char === '\n') {
      [lineBegins, indent] = [true, 0];
      continue;
    }
    // `- - -`, `? ? ?` and `: :` nest within one line.
    const next = text.charAt(offset + 1);
    const marks = '-?:'.includes(char) && (next === ' ' || next === '\n' || next === '\t');
    if (lineBegins && (char === ' ' || char === '\t')) indent += 1;
    else if (lineBegins && marks) indent += indentMax / depthMax;
    else lineBegins = false;
    if (char === '[' || char === '{') open += 1;
    if (char === ']' || char === '}') open -= 1;
    // Within texts brackets may stand alone, but not so many of them.
    if (open > depthMax || indent > indentMax)
      return { offset, message: `is nested too deeply: ${depthMax} levels at most` };
  }
  return null;
};
