import { serviceNames, servicePaths, type ServiceName } from '@tallystick/contracts';

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** The page at `/`: what is here, and where each service's API is described. Needs nothing from elsewhere. */
export const indexPage = (
  summaries: Readonly<Record<ServiceName, string>>,
): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tallystick</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 50rem; margin: 3rem auto; padding: 0 1rem }
  h1 { margin-bottom: 0 }
  section { border-top: 1px solid #8886; padding: .8rem 0 }
  h2 { margin: 0; font-size: 1.1rem }
  p { margin: .2rem 0 }
  code { font-size: .9em }
  a { margin-right: 1rem }
</style>
</head>
<body>
<h1>Tallystick</h1>
<p>A loyalty ledger in which every point can be proven. Five services behind one address:</p>
${serviceNames
  .map(
    (service) => `<section>
  <h2>${service}</h2>
  <p>${escape(summaries[service])}</p>
  <p><code>${servicePaths[service].join('</code> <code>')}</code></p>
  <p><a href="/docs/${service}">API page</a><a href="/openapi/${service}.json">OpenAPI 3.1</a><a href="/health/${service}/ready">Health</a></p>
</section>`,
  )
  .join('\n')}
<p>Requests need a bearer token: <code>npm run tally -- token --role manager</code> prints one.</p>
</body>
</html>
`;
