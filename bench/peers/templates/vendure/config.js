// What @vendure/create writes for production, without assets, e-mail, search and admin UI.
'use strict';

const {
  DefaultJobQueuePlugin,
  DefaultLogger,
  DefaultSchedulerPlugin,
  LogLevel,
  dummyPaymentHandler,
} = require('@vendure/core');

exports.config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.PEER_PORT),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
  },
  authOptions: {
    tokenMethod: 'bearer',
    superadminCredentials: { identifier: 'peer', password: 'peer' },
  },
  dbConnectionOptions: {
    type: 'postgres',
    url: process.env.PEER_DATABASE_URL,
    synchronize: process.env.PEER_SYNCHRONIZE === '1',
    logging: false,
    extra: { max: 20 },
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [DefaultJobQueuePlugin.init({}), DefaultSchedulerPlugin.init({})],
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: false }),
};
