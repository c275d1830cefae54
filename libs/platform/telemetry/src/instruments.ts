import type { Counter, Histogram, Meter, Observable } from '@opentelemetry/api';
import {
  metricSignals,
  type CounterName,
  type HistogramName,
  type MetricSignal,
  type ObservedName,
} from './signals.js';

/** The instruments of the table, each made when it is asked for first. */
export interface Instruments {
  counter(name: CounterName): Counter;
  histogram(name: HistogramName): Histogram;
  observed(name: ObservedName): Observable;
}

export const instrumentsOf = (meter: Meter): Instruments => {
  const once = <Instrument>(
    make: (signal: MetricSignal) => Instrument,
  ): ((name: keyof typeof metricSignals) => Instrument) => {
    const made = new Map<string, Instrument>();
    return (name) => {
      let instrument = made.get(name);
      if (instrument === undefined) {
        instrument = make(metricSignals[name]);
        made.set(name, instrument);
      }
      return instrument;
    };
  };
  return {
    counter: once(({ name, unit, description }) =>
      meter.createCounter(name, { unit, description }),
    ),
    histogram: once(({ name, unit, description, buckets = [] }) =>
      meter.createHistogram(name, {
        unit,
        description,
        advice: { explicitBucketBoundaries: [...buckets] },
      }),
    ),
    observed: once(({ name, kind, unit, description }) =>
      kind === 'gauge'
        ? meter.createObservableGauge(name, { unit, description })
        : meter.createObservableCounter(name, { unit, description }),
    ),
  };
};
