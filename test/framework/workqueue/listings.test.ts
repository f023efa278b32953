import { describe, expect, it } from 'vitest';
import { type CatalogRow, parseCatalog } from '../../../framework/workqueue/catalog.ts';
import { listings, managerHost } from '../../../framework/workqueue/listings.ts';
import { managerRecord, recording } from './peers.ts';

const NOW = 1795346800_000;
const near = { host: '127.0.0.1', port: 9097 };
const far = { host: 'catalog.example.org', port: 9097 };
const none = new Set<string>();

function row(change: Partial<CatalogRow> = {}): CatalogRow {
  return { ...managerRecord(), address: '10.0.0.7', lastHeardFrom: NOW - 5000, ...change };
}

describe('listings', () => {
  it('drops the stale entries of a recorded catalog', () => {
    const rows = parseCatalog(recording('catalog_query_with_stale_entries.json'));
    const fresh = rows.filter(({ lastHeardFrom }) => NOW - lastHeardFrom <= 130_000);
    expect(fresh.length).toBeGreaterThan(0);
    expect(fresh.length).toBeLessThan(rows.length);
    const found = listings([{ catalog: near, rows }], NOW, none);
    expect(found.map((listing) => listing.row?.project).sort()).toEqual(fresh.map(({ project }) => project).sort());
    expect(listings([{ catalog: near, rows }], NOW + 3_600_000, none)).toEqual([]);
  });

  it('lists a manager that two catalogs know once', () => {
    const views = [
      { catalog: near, rows: [row()] },
      { catalog: far, rows: [row({ lastHeardFrom: NOW })] },
    ];
    expect(listings(views, NOW, none)).toMatchObject([{ address: '10.0.0.7:1025', row: { lastHeardFrom: NOW } }]);
  });

  it('lists a manager that two catalogs see at different addresses once: where it is followed, else not at loopback', () => {
    const views = [
      { catalog: near, rows: [row({ address: '127.0.0.1' })] },
      { catalog: far, rows: [row()] },
    ];
    expect(listings(views, NOW, none).map(({ address }) => address)).toEqual(['10.0.0.7:1025']);
    const followed = listings(views, NOW, new Set(['127.0.0.1:1025']));
    expect(followed.map(({ address }) => address)).toEqual(['127.0.0.1:1025']);
  });

  it('keeps apart two managers that only look alike', () => {
    const other = row({ address: '10.0.0.8', startedAtMicros: 1 });
    expect(listings([{ catalog: far, rows: [row(), other] }], NOW, none)).toHaveLength(2);
  });

  it('takes the younger of two managers at the same address', () => {
    const younger = row({ project: 'next', startedAt: NOW - 10_000, lastHeardFrom: NOW - 9000 });
    for (const rows of [
      [row(), younger],
      [younger, row()],
    ]) {
      expect(listings([{ catalog: near, rows }], NOW, none)).toMatchObject([{ row: { project: 'next' } }]);
    }
  });
});

describe('managerHost', () => {
  it('is the address that the catalog saw, or the catalog itself for a manager that reported through loopback', () => {
    expect(managerHost(row(), far)).toBe('10.0.0.7');
    expect(managerHost(row({ address: '127.0.0.1' }), far)).toBe('catalog.example.org');
    expect(managerHost(row({ address: '127.0.0.1' }), near)).toBe('127.0.0.1');
    expect(managerHost(row({ address: '127.0.0.1' }), { host: 'localhost', port: 1 })).toBe('127.0.0.1');
  });
});
