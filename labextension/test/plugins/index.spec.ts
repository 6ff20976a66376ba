import { readFileSync, readdirSync } from 'node:fs';

import { INotebookTracker } from '@jupyterlab/notebook';
import { describe, expect, it } from 'vitest';

import plugins from '../../src/index';
import { IKernels, ISidebar } from '../../src/plugins/tokens';

const SCHEMAS = `${import.meta.dirname}/../../schema`;

describe('the plugins', () => {
  it('are parts that can be switched off one by one', () => {
    const ids = plugins.map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        'jupyter-memkit:plugin',
        'jupyter-memkit:panel',
        'jupyter-memkit:status',
        'jupyter-memkit:warnings',
        'jupyter-memkit:commands',
        'jupyter-memkit:kernels',
        'jupyter-memkit:running',
        'jupyter-memkit:tour'
      ])
    );
    expect(new Set(ids).size).toBe(plugins.length);
  });

  it('start with JupyterLab, and say what they do', () => {
    for (const { autoStart, description } of plugins) {
      expect(autoStart).toBe(true);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('need nothing that JupyterLab or Jupyter Notebook may lack', () => {
    const needed = plugins.flatMap(({ requires }) => requires ?? []);
    expect([...new Set(needed.map(({ name }) => name))]).toEqual([
      ISidebar.name,
      INotebookTracker.name,
      IKernels.name
    ]);
  });

  it('own every schema of settings', () => {
    const ids = plugins.map(({ id }) => id);
    const owners = readdirSync(SCHEMAS).map(
      name => `jupyter-memkit:${name.replace('.json', '')}`
    );
    expect(ids).toEqual(expect.arrayContaining(owners));
  });

  it('have settings whose defaults are allowed', () => {
    for (const name of readdirSync(SCHEMAS)) {
      const schema = JSON.parse(
        readFileSync(`${SCHEMAS}/${name}`, 'utf-8')
      ) as {
        properties: Record<
          string,
          { type: string; default: unknown; description: string }
        >;
      };
      for (const property of Object.values(schema.properties)) {
        expect(typeof property.default).toBe(property.type);
        expect(property.description).toMatch(/\.$/);
      }
    }
  });
});
