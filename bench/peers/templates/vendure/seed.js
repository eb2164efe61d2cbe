// Makes the schema and the goods: node seed.js, with PEER_GOODS as [{"sku": ..., "stock": ...}].
'use strict';

const fs = require('node:fs');
const { bootstrap, LanguageCode } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');

const initialData = {
  defaultLanguage: LanguageCode.en,
  defaultZone: 'Europe',
  countries: [{ name: 'Austria', code: 'AT', zone: 'Europe' }],
  taxRates: [{ name: 'Standard Tax', percentage: 20 }],
  shippingMethods: [{ name: 'Standard Shipping', price: 500 }],
  paymentMethods: [
    {
      name: 'Dummy',
      handler: {
        code: 'dummy-payment-handler',
        arguments: [{ name: 'automaticSettle', value: 'true' }],
      },
    },
  ],
  collections: [],
};

const columns = [
  'name', 'slug', 'description', 'assets', 'facets', 'optionGroups', 'optionValues', 'sku',
  'price', 'taxCategory', 'stockOnHand', 'trackInventory', 'variantAssets', 'variantFacets',
];
const rows = JSON.parse(process.env.PEER_GOODS).map(({ sku, stock }) =>
  [sku, sku.toLowerCase(), '', '', '', '', '', sku, '12.50', 'standard', stock, 'true', '', ''],
);
fs.writeFileSync('goods.csv', [columns, ...rows].map(row => row.join(',')).join('\n') + '\n');

populate(() => bootstrap(config), initialData, 'goods.csv')
  .then(app => app.close())
  .then(() => process.exit(0))
  .catch(error => {
    console.error(error);
    process.exit(1);
  });
