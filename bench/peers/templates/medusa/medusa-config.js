// What create-medusa-app writes for production, without the admin UI; every module its default.
'use strict';

const { defineConfig } = require('@medusajs/framework/utils');

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.PEER_DATABASE_URL,
    databaseDriverOptions: { ssl: false, pool: { min: 2, max: 30 } },
    http: {
      storeCors: 'http://127.0.0.1',
      adminCors: 'http://127.0.0.1',
      authCors: 'http://127.0.0.1',
      jwtSecret: 'a bench on the loopback interface',
      cookieSecret: 'a bench on the loopback interface',
    },
  },
});
