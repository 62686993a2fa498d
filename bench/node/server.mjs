/*
 * The order list in Express and EJS: one process per core, a pool of prepared
 * statements. node server.mjs SOCKET CONFIG
 */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import ejs from 'ejs';
import express from 'express';
import mysql from 'mysql2/promise';

const [,, socket, file] = process.argv;
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const config = Object.fromEntries(readFileSync(file, 'utf8').trim().split('\n').map((l) => l.split('=')));
  const db = mysql.createPool({ socketPath: config.socket, user: config.user, password: config.password,
    database: config.name, connectionLimit: 4, dateStrings: true });
  const sql = readFileSync(config.sql, 'utf8');
  const app = express();
  app.disable('x-powered-by');
  app.engine('ejs', ejs.__express);
  app.set('views', new URL('.', import.meta.url).pathname);
  app.set('view engine', 'ejs');
  app.enable('view cache');
  app.locals.head = readFileSync(config.head, 'utf8');
  app.locals.foot = readFileSync(config.foot, 'utf8');
  app.get('/list', async (req, res, next) => {
    try {
      await db.execute('SELECT s.id, a.id, a.name, a.org_id FROM session s JOIN account a ON a.id = s.owner_id WHERE s.kind = 1 ORDER BY s.id DESC LIMIT 1');
      const [rows] = await db.execute({ sql, rowsAsArray: true }, ['21']);
      await db.execute('SELECT COUNT(*) FROM (SELECT 1 FROM charge_order LIMIT 10001) t');
      res.render('list', { rows: rows.slice(0, 20) });
    } catch (e) { next(e); }
  });
  app.get('/json', async (req, res, next) => {
    try {
      const [[d]] = await db.execute('SELECT id, phone, name, plate FROM driver WHERE id = ?', [1]);
      res.json({ code: 0, data: { id: String(d.id), phone: d.phone.slice(0, 3) + '****' + d.phone.slice(-4), name: d.name, plate: d.plate } });
    } catch (e) { next(e); }
  });
  app.listen(socket);
}
