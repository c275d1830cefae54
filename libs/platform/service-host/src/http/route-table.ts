/** The routes of a service: which methods each path pattern (`/v1/members/:program/:member`) answers to. */
export type RouteTable = Map<string, Set<string>>;

/** The methods that a path answers to, sorted; none when no pattern fits. Only asked when no route was found. */
export const allowedMethods = (routes: RouteTable, url: string): string[] => {
  const path = url.split('?', 1)[0] ?? '';
  const parts = path.split('/');
  const methods = new Set<string>();
  for (const [pattern, known] of routes) {
    const wanted = pattern.split('/');
    const fits =
      wanted.length === parts.length &&
      wanted.every((part, index) => {
        const given = parts[index] ?? '';
        return part.startsWith(':') ? given !== '' : part === given;
      });
    if (fits) for (const method of known) methods.add(method);
  }
  return [...methods].sort();
};
