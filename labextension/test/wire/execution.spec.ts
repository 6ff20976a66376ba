import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { beforeEach, describe, expect, it } from 'vitest';

import { Execution } from '../../src/wire/execution';
import { FakeKernel } from '../fakes/kernel';

let kernel: FakeKernel;
let execution: Execution;
let ended: boolean[];

/** Feed an execution with what a kernel sends and receives. */
function follow(status: Kernel.Status): void {
  kernel = new FakeKernel();
  execution = new Execution(status);
  ended = [];
  kernel.anyMessage.connect((_kernel, { msg }) => {
    execution.begin(msg);
  });
  kernel.iopubMessage.connect(
    (_kernel, message: KernelMessage.IIOPubMessage) => {
      ended.push(execution.handle(message));
    }
  );
}

beforeEach(() => {
  follow('idle');
});

describe('Execution', () => {
  it('runs from the kernel’s "busy" to its "idle"', () => {
    expect(execution.isRunning).toBe(false);
    kernel.beginCell();
    expect(execution.isRunning).toBe(true);
    kernel.endCell();
    expect(execution.isRunning).toBe(false);
    expect(ended).toEqual([false, true]);
  });

  it('runs as soon as the page sends a cell', () => {
    kernel.sendCell();
    expect(execution.isRunning).toBe(true);
    kernel.endCell();
    expect(execution.isRunning).toBe(false);
  });

  it('does not run because of a silent execution', () => {
    kernel.sendCell('probe', true);
    expect(execution.isRunning).toBe(false);
  });

  it('runs while any of several cells does', () => {
    kernel.sendCell('first');
    kernel.sendCell('second');
    kernel.endCell('first');
    expect(execution.isRunning).toBe(true);
    kernel.endCell('second');
    expect(execution.isRunning).toBe(false);
  });

  it('continues when a request on the control channel ends', () => {
    kernel.beginCell();
    kernel.publishState('busy', 'ours', 'memkit_request');
    kernel.publishState('idle', 'ours', 'memkit_request');
    expect(execution.isRunning).toBe(true);
    expect(ended).toEqual([false, false, false]);
  });

  it('follows the cells of other clients', () => {
    kernel.beginCell('another client’s');
    expect(execution.isRunning).toBe(true);
  });

  it('ignores executions that are ours', () => {
    kernel.beginCell('ours');
    execution.ignore('ours');
    expect(execution.isRunning).toBe(false);
    kernel.beginCell('ours');
    kernel.endCell('ours');
    expect(execution.isRunning).toBe(false);
    expect(ended).toEqual([false, false, false]);
  });

  it('forgets an execution of ours that has ended', () => {
    execution.ignore('ours');
    kernel.beginCell('ours');
    kernel.endCell('ours');
    kernel.beginCell('ours');
    expect(execution.isRunning).toBe(true);
  });

  it('ignores the status of a message without a parent', () => {
    kernel.iopubMessage.emit({
      header: { msg_type: 'status' },
      parent_header: {},
      content: { execution_state: 'busy' }
    } as KernelMessage.IIOPubMessage);
    expect(execution.isRunning).toBe(false);
  });
});

describe('a cell from before the page', () => {
  beforeEach(() => {
    follow('busy');
  });

  it('runs', () => {
    expect(execution.isRunning).toBe(true);
  });

  it('has ended when the kernel takes its next turn', () => {
    kernel.publishState('idle', 'info', 'kernel_info_request');
    expect(execution.isRunning).toBe(false);
    expect(ended).toEqual([false]);
  });

  it('has ended when a cell ends', () => {
    kernel.endCell('unknown');
    expect(execution.isRunning).toBe(false);
    expect(ended).toEqual([true]);
  });

  it('has ended when the kernel says that none is running', () => {
    execution.settle();
    expect(execution.isRunning).toBe(false);
  });

  it('still runs if the page sends another', () => {
    kernel.sendCell('next');
    execution.settle();
    expect(execution.isRunning).toBe(true);
  });
});
