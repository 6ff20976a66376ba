import { describe, expect, it } from 'vitest';

import { buildChartData, extentOf } from '../../src/chart/series';
import type { IReading } from '../../src/model/readings';
import { cell, modelOf, runningCell, timelineOf } from './history';

const READING: IReading = {
  tS: 150,
  rssBytes: 7,
  childrenBytes: 2,
  gauge: { limitBytes: 900, usedBytes: 9, name: 'cgroup', covers: 'container' },
  source: 'kernel'
};

const timeline = timelineOf(
  { tS: 100, rssBytes: 5 },
  { tS: 150, rssBytes: 7, childrenBytes: 2, gpuBytes: 3 }
);
const WINDOW = { fromS: 100, toS: 160 };

describe('extentOf', () => {
  it('reaches from the first reading to now', () => {
    expect(extentOf(modelOf({ timeline, nowS: 160 }))).toEqual(WINDOW);
  });

  it('reaches to a reading that is later than the clock', () => {
    expect(extentOf(modelOf({ timeline, nowS: 140 })).toS).toBe(150);
  });

  it.each([
    ['nothing was read yet', modelOf({ nowS: 160 })],
    [
      'the history is short',
      modelOf({ timeline: timelineOf({ tS: 159, rssBytes: 1 }), nowS: 160 })
    ]
  ])('is never shorter than a line needs: %s', (_name, model) => {
    expect(extentOf(model)).toEqual({ fromS: 130, toS: 160 });
  });

  it('has a length although no kernel is shown', () => {
    const { fromS, toS } = extentOf(null);
    expect(toS).toBeGreaterThan(fromS);
  });
});

describe('buildChartData', () => {
  it('holds the last reading until now', () => {
    const model = modelOf({ timeline, reading: READING });
    const { columns, limitBytes } = buildChartData(model, WINDOW, 60);
    expect(columns.tS).toEqual([100, 150, 160]);
    expect(columns.lowBytes).toEqual([5, 7, 7]);
    expect(columns.togetherBytes).toEqual([5, 9, 9]);
    expect(columns.gpuBytes).toEqual([0, 3, 3]);
    expect(limitBytes).toBe(900);
  });

  it.each([
    ['it may be outdated', { reading: READING, staleSinceS: 150 }],
    ['the process has ended', { reading: null }]
  ])('does not hold a reading if %s', (_name, changes) => {
    const model = modelOf({ timeline, ...changes });
    const { columns } = buildChartData(model, WINDOW, 60);
    expect(columns.tS).toEqual([100, 150]);
  });

  it('does not hold the present into the past', () => {
    const model = modelOf({ timeline, reading: READING });
    const past = { fromS: 100, toS: 120 };
    expect(buildChartData(model, past, 20).columns.tS).toEqual([100, 150]);
  });

  it('leads no line from one process to the next', () => {
    const restarted = timelineOf(
      { tS: 100, rssBytes: 5 },
      { tS: 150, rssBytes: 7 }
    );
    restarted.breakAt(120);
    const { columns } = buildChartData(
      modelOf({ timeline: restarted }),
      WINDOW,
      60
    );
    expect(columns.lowBytes).toEqual([5, null, 7]);
  });

  it('has the cells of all processes, in order of time', () => {
    const model = modelOf({
      timeline,
      earlier: [
        {
          endedS: 105,
          cells: [cell({ startedS: 101, durationS: 2, executionCount: 1 })]
        }
      ],
      cells: [cell({ startedS: 110, durationS: 20, executionCount: 2 })],
      running: runningCell({ startedS: 150, executionCount: 3 })
    });
    const { cells } = buildChartData(model, WINDOW, 60);
    expect(
      cells.map(each => [each.executionCount, each.fromS, each.toS])
    ).toEqual([
      [1, 101, 103],
      [2, 110, 130],
      [3, 150, 160]
    ]);
    expect(cells.map(({ isRunning }) => isRunning)).toEqual([
      false,
      false,
      true
    ]);
  });

  it('leaves out the cells of another time', () => {
    const model = modelOf({
      timeline,
      cells: [cell({ startedS: 10, durationS: 20 }), cell({ startedS: 300 })]
    });
    expect(buildChartData(model, WINDOW, 60).cells).toEqual([]);
  });
});
