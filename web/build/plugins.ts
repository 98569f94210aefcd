import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

/** Puts the script that sets the theme before the first paint into the page: classic, hashed and blocking. */
export function themeBoot(file: string): Plugin {
  let asset = '';
  return {
    name: 'theme-boot',
    async generateBundle() {
      const source = await readFile(file, 'utf8');
      const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8);
      asset = `assets/theme-${hash}.js`;
      this.emitFile({ type: 'asset', fileName: asset, source });
    },
    transformIndexHtml: {
      order: 'post',
      handler(_, ctx) {
        const src = ctx.bundle ? `./${asset}` : `/${file}`;
        return [{ tag: 'script', attrs: { src }, injectTo: 'head' }];
      },
    },
  };
}

const textFiles = /\.(js|css|html|svg|json|txt|webmanifest)$/;

/** Writes .br and .gz siblings of text files, so that the server never compresses them. index.html changes with each answer. */
export function precompress(): Plugin {
  let out = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      out = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      await writeFile(join(out, '.gitkeep'), '');
      const entries = await readdir(out, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((e) => e.isFile() && textFiles.test(e.name) && e.name !== 'index.html')
        .map((e) => join(e.parentPath, e.name));
      await Promise.all(files.map(compress));
    },
  };
}

async function compress(file: string): Promise<void> {
  const data = await readFile(file);
  const br = await promisify(brotliCompress)(data, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    },
  });
  const gz = await promisify(gzip)(data, { level: 9 });
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
}

/** What bundlers know of a module: those that it needs at once. */
interface Imports {
  importedIds: readonly string[];
}

interface Graph {
  getModuleInfo: (id: string) => Imports | null;
}

/**
 * Names the chunk of a module so that a view is a few files and not one for each module that pages share: what the start of
 * the app needs, what the first views need beside it, and the rest as the bundler likes. Entries are the ends of module
 * ids; the earlier ones take what several need.
 */
export function chunksOf(entries: readonly (readonly [name: string, ...modules: string[]])[]) {
  const of = new Map<string, string>();
  let known = false;
  function take(name: string, id: string, graph: Graph): void {
    if (of.has(id)) return;
    of.set(id, name);
    for (const next of graph.getModuleInfo(id)?.importedIds ?? []) take(name, next, graph);
  }
  return (id: string, graph: Graph): string | null => {
    if (!known) {
      const root = new URL('..', import.meta.url).pathname;
      for (const [name, ...modules] of entries) for (const m of modules) take(name, root + m, graph);
      known = true;
    }
    return of.get(id) ?? null;
  };
}
