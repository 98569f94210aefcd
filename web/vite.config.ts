import tailwind from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { chunksOf, precompress, themeBoot } from './build/plugins.ts';

// Where `npm run dev` finds a server.
const server = process.env.PULSE_URL ?? 'http://localhost:7655';

export default defineConfig({
  // Paths are relative to <base>, so that a server below a sub-path only has to change that.
  base: './',
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  plugins: [react(), tailwind(), themeBoot('src/theme-boot.js'), precompress()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // A group may not drag along what a module of it needs: each module is in the chunk that is named for it.
          includeDependenciesRecursively: false,
          groups: [
            {
              debugName: 'views',
              name: chunksOf([
                ['start', 'src/main.tsx'],
                ['tables', 'src/features/overview/overview.tsx', 'src/features/infrastructure/family.tsx'],
              ]),
            },
            // What several of the other pages need.
            { name: 'pages', minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: server },
      '/ws': { target: server, ws: true },
    },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
