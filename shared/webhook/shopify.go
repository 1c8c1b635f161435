package webhook

import (
	"liuke/shared/dialect"
	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// A payload of an order says the whole order, whichever topic it comes by, so that any of them alone is enough, and
// none that is missed does harm for longer than until the next:
//
//	the order, when it was placed         Order Completed   shopify-order-<order>
//	what it is worth now (not by create)  Order Updated     shopify-order-<order>-<updated_at>-<worth>
//	each payment given back               Order Refunded    shopify-refund-<transaction>
//	that it was cancelled                 Order Cancelled   shopify-order-<order>-cancelled
//	who the customer is                   identify          shopify-order-<order>-customer-<updated_at>
//
// The worth is before refunds (see worth). refunds/create says the same refunds as the order's next update does, under
// the same ids, and may come first or alone. orders/edited has neither customer nor total: orders/updated, which Shopify
// sends with it, says what it comes to.
//
// What a customer consents to changed at the time that the consent itself names, so that an old word in a new payload
// doesn't go over what the customer has said here meanwhile. Since the version 2025-01 it comes by topics of its own.
// (shopify.dev/docs/api/webhooks, versions 2024-10 to 2026-07.)
var shopifyMappings = []mapping{
	{topics: []string{"orders/create"}, rules: shopifyOrder},
	{topics: []string{"orders/updated", "orders/paid", "orders/partially_fulfilled", "orders/fulfilled", "orders/cancelled"},
		rules: append([]rule{shopifyOrderUpdated}, shopifyOrder...)},
	{topics: []string{"orders/edited"}},
	{topics: []string{"refunds/create"}, rules: []rule{{
		typ: event.Track, name: event.OrderRefunded, each: "transactions", when: shopifyGivenBack,
		id:   "shopify-refund-{.id}",
		time: value{[]string{".processed_at", ".created_at", "created_at"}, text},
		who:  []identity{{visitor: "shopify-order-{order_id}"}},
		properties: []field{
			{"order_id", value{[]string{"order_id"}, text}},
			{"total", value{shopMoney, text}},
			{"currency", value{shopCurrency, code}},
		},
	}}},
	{topics: []string{"customers/create", "customers/update", "customers/enable", "customers/disable"}, rules: []rule{
		{
			typ:  event.Identify,
			id:   "shopify-customer-{updated_at|created_at|}", // of one customer: who that is, an id never says
			time: value{[]string{"updated_at", "created_at"}, text},
			who:  []identity{{user: "{id}"}},
			traits: []field{
				{"email", value{[]string{"email"}, text}},
				{"phone", value{[]string{"phone"}, text}},
				{"first_name", value{[]string{"first_name"}, text}},
				{"last_name", value{[]string{"last_name"}, text}},
			},
		},
		shopifyConsent("email", "email_marketing_consent", "id"),
		shopifyConsent("sms", "sms_marketing_consent", "id"),
	}},
	{topics: []string{"customers_email_marketing_consent/update"}, rules: []rule{shopifyConsent("email", "email_marketing_consent", "customer_id")}},
	{topics: []string{"customers_marketing_consent/update"}, rules: []rule{shopifyConsent("sms", "sms_marketing_consent", "customer_id")}},
	{topics: []string{"customers/redact"}, privacy: "Shopify asks to erase this customer within 30 days (customers/redact): DELETE /v1/customers/{id}"},
	{topics: []string{"customers/data_request"}, privacy: "A customer asks through Shopify for their data, due within 30 days (customers/data_request): GET /v1/customers/{id}/export"},
	{topics: []string{"shop/redact"}, privacy: "Shopify asks to erase what came from this shop, which has removed the app (shop/redact)"},
}

const shopifyAddress = "email|contact_email|customer.email"

var (
	shopifyWho = []identity{{user: "{customer.id}"}, {guest: "{" + shopifyAddress + "}"}, {visitor: "shopify-order-{id}"}}
	// shopifyGivenBack holds for payments that have been made back to the customer.
	shopifyGivenBack = []test{{path: ".kind", is: []string{"refund"}}, {path: ".status", is: []string{"success"}}}
	shopMoney        = []string{".amount_set.shop_money.amount", ".amount"}
	shopCurrency     = []string{".amount_set.shop_money.currency_code", ".currency"}
	shopifyTraits    = []field{
		{"email", value{[]string{"customer.email", "email", "contact_email"}, text}},
		{"phone", value{[]string{"customer.phone", "phone"}, text}},
		{"first_name", value{[]string{"customer.first_name", "billing_address.first_name"}, text}},
		{"last_name", value{[]string{"customer.last_name", "billing_address.last_name"}, text}},
		{"locale", value{[]string{"customer_locale"}, text}},
	}
	shopifyOrderUpdated = rule{
		typ: event.Track, name: event.OrderUpdated,
		id:   "shopify-order-{id}-{updated_at}-{=total}",
		time: value{[]string{"updated_at"}, text},
		who:  shopifyWho,
		properties: []field{
			{"order_id", value{[]string{"id"}, text}},
			{"total", value{[]string{"total_price"}, worth}},
			{"currency", value{[]string{"currency"}, code}},
		},
	}
)

var shopifyOrder = []rule{
	{
		typ: event.Track, name: event.OrderCompleted,
		id:   "shopify-order-{id}",
		time: value{[]string{"processed_at", "created_at"}, text},
		who:  shopifyWho,
		properties: []field{
			{"order_id", value{[]string{"id"}, text}},
			{"total", value{[]string{"total_price"}, worth}},
			{"currency", value{[]string{"currency"}, code}},
			{"coupon", value{[]string{"discount_codes.0.code"}, text}},
			{"products", value{[]string{"line_items"}, products}},
		},
	},
	{
		typ: event.Track, name: event.OrderCancelled, when: []test{{path: "cancelled_at"}},
		id:   "shopify-order-{id}-cancelled",
		time: value{[]string{"cancelled_at"}, text},
		who:  shopifyWho,
		properties: []field{
			{"order_id", value{[]string{"id"}, text}},
			{"reason", value{[]string{"cancel_reason"}, text}},
		},
	},
	{
		typ: event.Track, name: event.OrderRefunded, each: "refunds.transactions", when: shopifyGivenBack,
		id:   "shopify-refund-{.id}",
		time: value{[]string{".processed_at", ".created_at"}, text},
		who:  shopifyWho,
		properties: []field{
			{"order_id", value{[]string{"id"}, text}},
			{"total", value{shopMoney, shopAmount}},
			{"currency", value{shopCurrency, code}},
		},
	},
	{
		typ: event.Identify, when: []test{{path: "customer.id|" + shopifyAddress}},
		id:     "shopify-order-{id}-customer-{updated_at|created_at|}",
		time:   value{[]string{"updated_at", "created_at"}, text},
		who:    shopifyWho,
		link:   "shopify-order-{id}",
		traits: shopifyTraits,
	},
}

// shopifyConsent is the rule for consent to a channel, as it stands under a member of a payload.
func shopifyConsent(channel, member, customer string) rule {
	since := []string{member + ".consent_updated_at", "created_at"}
	return rule{
		typ: event.Identify, when: []test{{path: member + ".state"}},
		id:     "shopify-customer-" + channel + "-{" + member + ".state}-{" + since[0] + "|" + since[1] + "|}",
		time:   value{since, text},
		who:    []identity{{user: "{" + customer + "}"}},
		traits: []field{{"consent." + channel, value{[]string{member + ".state"}, consent}}},
	}
}

// consent reads Shopify's state of a marketing consent. Only a subscription is one; redacted takes back what was known.
func consent(_ *scope, at node) ([]byte, error) {
	switch at.text() {
	case "subscribed":
		return []byte("true"), nil
	case "unsubscribed", "not_subscribed", "pending", "invalid":
		return []byte("false"), nil
	case "redacted":
		return []byte("null"), nil
	}
	return nil, fault.At(at.path, "the state of a consent is none that is known: it must be subscribed, unsubscribed, not_subscribed, pending, invalid or redacted")
}

// worth is what an order is worth before refunds. total_price leaves out what was taken out of an order that was not paid
// yet, for which no money goes back; current_total_price is after that and after refunds. So it is the lesser of
// total_price and of current_total_price with the payments that were given back.
func worth(s *scope, at node) ([]byte, error) {
	currency, err := s.currencyAt("currency")
	if err != nil {
		return nil, err
	}
	total, err := decimal(currency, at)
	if err != nil {
		return nil, err
	}
	now := s.at("current_total_price")
	if !now.there() {
		return formatted(currency, total), nil
	}
	current, err := decimal(currency, now)
	if err != nil {
		return nil, err
	}
	for _, e := range s.root.each("refunds.transactions") {
		back, known, err := givenBack(currency, e)
		if err != nil {
			return nil, err
		}
		if !known {
			return formatted(currency, total), nil
		}
		if current, err = current.Add(back); err != nil {
			return nil, fault.At(now.path, "the amounts are too large")
		}
	}
	return formatted(currency, min(total, current)), nil
}

// givenBack is what a transaction of a refund has given back in the shop's currency; it is not known where the payload
// says only what that was in the customer's.
func givenBack(currency money.Currency, transaction node) (back money.Amount, known bool, err error) {
	s := &scope{element: transaction}
	for _, t := range shopifyGivenBack {
		if !s.holds(t) {
			return 0, true, nil
		}
	}
	if in := s.first(shopCurrency); in.there() && in.text() != string(currency) {
		return 0, false, nil
	}
	back, err = decimal(currency, s.first(shopMoney))
	return back, true, err
}

// shopAmount is the amount of a refund, which must be in the currency of the order.
func shopAmount(s *scope, at node) ([]byte, error) {
	in, of := s.first(shopCurrency), s.at("currency")
	if in.there() && of.there() && in.text() != of.text() {
		return nil, fault.At(in.path, "a refund in another currency than the order's needs its amount in the shop's: amount_set")
	}
	return text(s, at)
}

// maxProducts and maxProductBytes bound the products that an order event names.
const (
	maxProducts     = 50
	maxProductBytes = 12 << 10
)

// products lists the lines of an order as Segment's Ecommerce specification does, the first ones of many.
func products(_ *scope, at node) ([]byte, error) {
	lines, _ := at.value.([]any)
	if len(lines) == 0 {
		return nil, nil
	}
	list := []byte{'['}
	for i := range min(len(lines), maxProducts) {
		line := node{value: lines[i]}
		product := []byte{'{'}
		for _, f := range [...]struct{ name, path string }{
			{"product_id", "product_id"}, {"variant", "variant_id"}, {"sku", "sku"}, {"name", "title"}, {"price", "price"}, {"quantity", "quantity"},
		} {
			if raw := line.get(f.path).raw(); raw != nil {
				product = dialect.AppendMember(product, f.name, raw)
			}
		}
		if len(list)+len(product) > maxProductBytes {
			break
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(append(list, product...), '}')
	}
	return append(list, ']'), nil
}
