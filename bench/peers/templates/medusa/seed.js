// A region, a place to ship from, the goods and a key for the store API, as the starter's seed has
// it: medusa exec ./seed.js, with PEER_GOODS as [{"sku": ..., "stock": ...}]. Writes told.json.
'use strict';

const fs = require('node:fs');
const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils');
const flows = require('@medusajs/medusa/core-flows');

const PRODUCTS_AT_ONCE = 50;

exports.default = async function seed({ container }) {
  const link = container.resolve(ContainerRegistrationKeys.LINK);
  const query = container.resolve(ContainerRegistrationKeys.QUERY);
  const fulfillment = container.resolve(Modules.FULFILLMENT);
  const goods = JSON.parse(process.env.PEER_GOODS);
  const run = async (flow, input) => (await flow(container).run({ input })).result;

  const [channel] = await run(flows.createSalesChannelsWorkflow, {
    salesChannelsData: [{ name: 'Peer' }],
  });
  const [region] = await run(flows.createRegionsWorkflow, {
    regions: [{
      name: 'Europe', currency_code: 'eur', countries: ['at'],
      payment_providers: ['pp_system_default'],
    }],
  });
  await run(flows.createTaxRegionsWorkflow, [{ country_code: 'at', provider_id: 'tp_system' }]);
  const [location] = await run(flows.createStockLocationsWorkflow, {
    locations: [{
      name: 'Vienna', address: { city: 'Vienna', country_code: 'AT', address_1: 'Ring 1' },
    }],
  });
  const ships = { [Modules.STOCK_LOCATION]: { stock_location_id: location.id } };
  await link.create({
    ...ships, [Modules.FULFILLMENT]: { fulfillment_provider_id: 'manual_manual' },
  });
  const [profile] = await run(flows.createShippingProfilesWorkflow, {
    data: [{ name: 'Peer', type: 'default' }],
  });
  const set = await fulfillment.createFulfillmentSets({
    name: 'Vienna', type: 'shipping',
    service_zones: [{ name: 'Austria', geo_zones: [{ country_code: 'at', type: 'country' }] }],
  });
  await link.create({ ...ships, [Modules.FULFILLMENT]: { fulfillment_set_id: set.id } });
  const [shipping] = await run(flows.createShippingOptionsWorkflow, [{
    name: 'Standard', price_type: 'flat', provider_id: 'manual_manual',
    service_zone_id: set.service_zones[0].id, shipping_profile_id: profile.id,
    type: { label: 'Standard', description: 'Standard', code: 'standard' },
    prices: [{ currency_code: 'eur', amount: 5 }],
    rules: [
      { attribute: 'enabled_in_store', value: 'true', operator: 'eq' },
      { attribute: 'is_return', value: 'false', operator: 'eq' },
    ],
  }]);
  await run(flows.linkSalesChannelsToStockLocationWorkflow, {
    id: location.id, add: [channel.id],
  });
  const [key] = await run(flows.createApiKeysWorkflow, {
    api_keys: [{ title: 'Peer', type: 'publishable', created_by: '' }],
  });
  await run(flows.linkSalesChannelsToApiKeyWorkflow, { id: key.id, add: [channel.id] });

  const variants = {};
  for (let at = 0; at < goods.length; at += PRODUCTS_AT_ONCE) {
    const products = await run(flows.createProductsWorkflow, {
      products: goods.slice(at, at + PRODUCTS_AT_ONCE).map(({ sku }) => ({
        title: sku, status: 'published', shipping_profile_id: profile.id,
        options: [{ title: 'Size', values: ['One'] }],
        variants: [{
          title: 'One', sku, options: { Size: 'One' }, manage_inventory: true,
          allow_backorder: false, prices: [{ currency_code: 'eur', amount: 12.5 }],
        }],
        sales_channels: [{ id: channel.id }],
      })),
    });
    for (const { variants: made } of products) variants[made[0].sku] = made[0].id;
  }
  const { data: items } = await query.graph({ entity: 'inventory_item', fields: ['id', 'sku'] });
  const stock = Object.fromEntries(goods.map(one => [one.sku, one.stock]));
  await run(flows.createInventoryLevelsWorkflow, {
    inventory_levels: items.map(item => ({
      location_id: location.id, inventory_item_id: item.id, stocked_quantity: stock[item.sku],
    })),
  });
  fs.writeFileSync('told.json', JSON.stringify({
    key: key.token, region: region.id, shipping: shipping.id, variants,
  }));
};
