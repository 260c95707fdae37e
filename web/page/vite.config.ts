import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The build is compared byte for byte with web/dist: nothing in it may depend on the time or the machine.
export default defineConfig({
  plugins: [react()],
  base: "/",
  build: { outDir: "../dist", emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
