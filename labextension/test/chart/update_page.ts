import { MemoryChart } from '../../src/chart/chart';
import { buildChartData, extentOf } from '../../src/chart/series';
import { View } from '../../src/chart/view';
import { Timeline } from '../../src/model/timeline';
import { trans } from '../fakes/trans';
import { cell, MEBIBYTE, modelOf, runningCell, seeded } from './history';

// The page that tests/browser/chart_update.py measures.

const READINGS_A_SECOND = 4;
const CELLS = 100;

/**
 * The times of updates of a chart, in milliseconds.
 *
 * @param hours - The length of the history.
 * @param updates - How many updates, one for each further reading.
 */
async function measure(hours: number, updates: number): Promise<number[]> {
  const random = seeded(1);
  const timeline = new Timeline();
  const startS = Date.now() / 1000 - hours * 3600;
  const add = (tS: number): void => {
    const rssBytes = MEBIBYTE * (200 + 2000 * random() ** 6);
    timeline.merge({
      tS: [tS],
      rssBytes: [rssBytes],
      peakBytes: [rssBytes + (random() < 0.05 ? 500 * MEBIBYTE : 0)],
      childrenBytes: [100 * MEBIBYTE * random()],
      gpuBytes: [900 * MEBIBYTE * random()]
    });
  };
  let nowS = startS;
  for (let each = 0; each < hours * 3600 * READINGS_A_SECOND; each += 1) {
    nowS = startS + each / READINGS_A_SECOND;
    add(nowS);
  }
  timeline.breakAt(startS + hours * 1800);
  const host = document.createElement('div');
  host.style.cssText = 'position: relative; width: 480px; height: 240px';
  document.body.append(host);
  const cellS = (hours * 3600) / CELLS;
  const cells = Array.from({ length: CELLS }, (_, index) =>
    cell({
      executionCount: index,
      startedS: startS + index * cellS,
      durationS: 0.9 * cellS
    })
  );
  const model = (): ReturnType<typeof modelOf> =>
    modelOf({
      timeline,
      cells,
      nowS,
      reading: {
        tS: nowS,
        rssBytes: 200 * MEBIBYTE,
        childrenBytes: 0,
        gauge: {
          limitBytes: 2500 * MEBIBYTE,
          usedBytes: 200 * MEBIBYTE,
          name: 'cgroup',
          covers: 'container'
        },
        source: 'kernel'
      },
      running: runningCell({ startedS: nowS - 10 })
    });
  const view = new View({
    extent: () => extentOf(model()),
    rangeS: () => null,
    onChange: () => undefined
  });
  const chart = new MemoryChart(host, {
    read: columnCount => buildChartData(model(), view.window, columnCount),
    view,
    onDrawn: () => undefined,
    onOpen: () => undefined,
    trans
  });
  chart.draw();
  const times: number[] = [];
  for (let update = 0; update < updates; update += 1) {
    nowS += 1 / READINGS_A_SECOND;
    add(nowS);
    await new Promise(requestAnimationFrame);
    const begunMs = performance.now();
    chart.draw();
    times.push(performance.now() - begunMs);
  }
  chart.destroy();
  return times;
}

Object.assign(window, { measure });
