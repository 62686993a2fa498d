/*
 * A driver's phone: the driver API as an app calls it. Each Driver is a new
 * person, so that tests do not wait for each other's one-time codes.
 */
import { randomUUID } from 'node:crypto';
import { env, forgetLimits, until } from './harness.mjs';

const api = env.HTTP_URL + '/api/driver/v1';
let next = 0;

export class Driver {
  constructor() {
    /* Numbers that the demo does not use; never the same twice in a run. */
    next += 1;
    this.phone = `137${String(Date.now() % 1e6).padStart(6, '0')}`
      + String(next).padStart(2, '0');
  }

  async call(method, path, body, key) {
    const headers = { Connection: 'close' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    if (body) headers['Content-Type'] = 'application/json';
    if (key) headers['Idempotency-Key'] = key;
    const answer = await fetch(api + path,
      { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.json();
    if (text.code !== 0) {
      throw Object.assign(new Error(`${method} ${path}: ${text.message}`),
        { code: text.code, status: answer.status });
    }
    return text.data;
  }

  async signIn() {
    forgetLimits();
    await this.call('POST', '/sms-codes', { phone: this.phone });
    const inbox = await (await fetch(
      `${env.FAKES_URL}/_fake/sms?phone=${this.phone}`)).json();
    const { code } = inbox.messages[0].params;
    const session = await this.call('POST', '/sessions',
      { phone: this.phone, code });
    this.token = session.token;
    return session;
  }

  async topUp(fen) {
    const payment = await this.call('POST', '/topups',
      { amount_fen: fen, channel: 'demo' }, randomUUID());
    await fetch(`${env.FAKES_URL}/_fake/pay`, { method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ order: payment.out_trade_no }) });
    return until('the top-up is paid', async () => {
      const now = await this.call('GET', `/topups/${payment.out_trade_no}`);
      return now.state === 'paid' && now;
    });
  }

  /* A connector where a charge can start now. */
  async freeConnector() {
    const { stations } = await this.call('GET', '/stations?free=true&kind=dc');
    for (const { id } of stations) {
      const station = await this.call('GET', `/stations/${id}`);
      const free = station.connectors.find(
        (c) => c.kind === 'dc' && c.state === 'idle');
      if (free) return { ...free, station };
    }
    throw new Error('no free connector');
  }

  async start(qr_no, limit_fen = 5000, key = randomUUID()) {
    return this.call('POST', '/orders', { qr_no, limit_fen, plug_later: true },
      key);
  }

  async order(no) {
    return this.call('GET', `/orders/${no}`);
  }

  async orderIs(no, state, seconds = 30) {
    return until(`order ${no} is ${state}`, async () => {
      const order = await this.order(no);
      return order.state === state && order;
    }, seconds);
  }
}
