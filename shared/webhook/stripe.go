package webhook

import (
	"strings"

	"liuke/shared/event"
	"liuke/shared/fault"
	"liuke/shared/money"
)

// A charge is an order by the charge's id. Each event about a charge says all of it, amount_refunded being the sum of
// all refunds so far; so each says what the charge is worth now, and the latest one counts:
//
//	a charge that was captured           Order Completed   stripe-<charge>, worth what it took less what is refunded
//	what it is worth now (not by         Order Updated     stripe-<charge>-<created of the event>-<amount_refunded>
//	charge.succeeded)
//
// The worth is a state and no difference. So refunds are exact in any order, repeated or with some lost, and so is one
// that failed and was taken back. Of several within one of Stripe's seconds the one with the greatest sum wins, for within
// a second refunds are only made: the sum stands at the end of the id, in digits of one length, by which the order's
// record breaks the tie. Whether events say what came before (previous_attributes) plays no part.
//
// A dispute takes the money back when it is closed as lost (Order Refunded, stripe-<dispute>). It names the charge alone.
// invoice.paid counts no money: its charge does. A checkout says who the customer is and what they agreed to; its money
// is the charge's as well.
// (docs.stripe.com/api/events/types, versions up to 2026-06; older ones where fields have moved.)
var stripeMappings = []mapping{
	{topics: []string{"charge.succeeded"}, rules: stripeCharge},
	{topics: []string{"charge.captured", "charge.updated", "charge.refunded"}, rules: append([]rule{{
		typ: event.Track, name: event.OrderUpdated, when: stripeCaptured,
		id:   "stripe-{data.object.id}-{created}-{#data.object.amount_refunded}",
		time: stripeNow,
		who:  stripeWho,
		properties: []field{
			{"order_id", value{[]string{"data.object.id"}, text}},
			{"total", value{stripeAmount, netOfRefunds}},
			{"currency", value{stripeCurrency, code}},
			{"refunded", value{[]string{"data.object.amount_refunded"}, amount}},
		},
	}}, stripeCharge...)},
	{topics: []string{"charge.dispute.created"}, rules: []rule{stripeDispute("Payment Disputed")}},
	{topics: []string{"charge.dispute.closed"}, rules: []rule{stripeDispute("Payment Dispute Closed"), {
		typ: event.Track, name: event.OrderRefunded, when: []test{{path: "data.object.status", is: []string{"lost"}}},
		id:   "stripe-{data.object.id}",
		time: stripeNow,
		who:  []identity{{visitor: "stripe-{data.object.charge.id|data.object.charge}"}},
		properties: []field{
			{"order_id", value{[]string{"data.object.charge.id", "data.object.charge"}, text}},
			{"total", value{[]string{"data.object.amount"}, amount}},
			{"currency", value{stripeCurrency, code}},
		},
	}}},
	{topics: []string{"charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"}},
	{topics: []string{"customer.created", "customer.updated"}, rules: []rule{{
		typ: event.Identify, id: "stripe-{id}", time: stripeNow, who: []identity{{user: "{data.object.id}"}},
		traits: []field{
			{"email", value{[]string{"data.object.email"}, text}},
			{"name", value{[]string{"data.object.name"}, text}},
			{"phone", value{[]string{"data.object.phone"}, text}},
			{"locale", value{[]string{"data.object.preferred_locales.0"}, text}},
		},
	}}},
	{topics: []string{"customer.subscription.created"}, rules: []rule{stripeSubscription("Subscription Started")}},
	{topics: []string{"customer.subscription.updated"}, rules: []rule{stripeSubscription("Subscription Updated")}},
	{topics: []string{"customer.subscription.deleted"}, rules: []rule{stripeSubscription("Subscription Ended")}},
	{topics: []string{"invoice.paid"}, rules: []rule{{
		typ: event.Track, name: "Invoice Paid", id: "stripe-{id}", time: stripeNow, who: stripeCustomer,
		properties: []field{
			{"invoice_id", value{[]string{"data.object.id"}, text}},
			{"subscription_id", value{[]string{"data.object.parent.subscription_details.subscription", "data.object.subscription"}, text}},
			{"billing_reason", value{[]string{"data.object.billing_reason"}, text}},
			{"amount", value{[]string{"data.object.amount_paid"}, amount}},
			{"currency", value{stripeCurrency, code}},
			{"attempts", value{[]string{"data.object.attempt_count"}, scalar}},
		},
	}}},
	{topics: []string{"checkout.session.completed", "checkout.session.async_payment_succeeded"}, rules: []rule{
		{
			typ: event.Track, name: "Checkout Completed", id: "stripe-{id}", time: stripeNow, who: stripeCheckoutWho,
			properties: []field{
				{"checkout_id", value{[]string{"data.object.id"}, text}},
				{"mode", value{[]string{"data.object.mode"}, text}},
				{"payment_status", value{[]string{"data.object.payment_status"}, text}},
				{"amount", value{[]string{"data.object.amount_total"}, amount}},
				{"currency", value{stripeCurrency, code}},
			},
		},
		{
			typ: event.Identify, id: "stripe-{id}-customer", time: stripeNow, who: stripeCheckoutWho,
			traits: []field{
				{"email", value{[]string{"data.object.customer_details.email", "data.object.customer_email"}, text}},
				{"name", value{[]string{"data.object.customer_details.name"}, text}},
				{"phone", value{[]string{"data.object.customer_details.phone"}, text}},
				{"consent.email", value{[]string{"data.object.consent.promotions"}, optedIn}},
			},
		},
	}},
}

var (
	stripeNow      = value{[]string{"created"}, unix}
	stripeMade     = value{[]string{"data.object.created"}, unix}
	stripeAmount   = []string{"data.object.amount"}
	stripeCurrency = []string{"data.object.currency"}
	stripeCustomer = []identity{{user: "{data.object.customer.id|data.object.customer}"}}
	// stripeWho names the customer of a charge.
	stripeWho = []identity{stripeCustomer[0], {guest: "{" + stripeAddress + "}"}, {visitor: "stripe-{data.object.id}"}}
	// stripeCheckoutWho names the customer of a checkout.
	stripeCheckoutWho = []identity{stripeCustomer[0], {guest: "{data.object.customer_details.email|data.object.customer_email}"}}
	// stripeCaptured holds for charges that took money, and not for those that only reserve it.
	stripeCaptured = []test{{path: "data.object.status", is: []string{"succeeded"}}, {path: "data.object.captured", is: []string{"true"}}}
)

const stripeAddress = "data.object.receipt_email|data.object.billing_details.email"

var stripeCharge = []rule{
	{
		typ: event.Track, name: event.OrderCompleted, when: stripeCaptured,
		id:   "stripe-{data.object.id}",
		time: stripeMade,
		who:  stripeWho,
		properties: []field{
			{"order_id", value{[]string{"data.object.id"}, text}},
			{"total", value{stripeAmount, netOfRefunds}},
			{"currency", value{stripeCurrency, code}},
		},
	},
	{
		typ: event.Identify, when: append([]test{{path: "data.object.customer|" + stripeAddress}}, stripeCaptured...),
		id:   "stripe-{data.object.id}-customer",
		time: stripeMade,
		who:  stripeWho,
		link: "stripe-{data.object.id}",
		traits: []field{
			{"email", value{strings.Split(stripeAddress, "|"), text}},
		},
	},
}

func stripeDispute(name string) rule {
	return rule{
		typ: event.Track, name: name, id: "stripe-{id}", time: stripeNow,
		who: []identity{{visitor: "stripe-{data.object.charge.id|data.object.charge}"}},
		properties: []field{
			{"dispute_id", value{[]string{"data.object.id"}, text}},
			{"charge_id", value{[]string{"data.object.charge.id", "data.object.charge"}, text}},
			{"amount", value{[]string{"data.object.amount"}, amount}},
			{"currency", value{stripeCurrency, code}},
			{"reason", value{[]string{"data.object.reason"}, text}},
			{"status", value{[]string{"data.object.status"}, text}},
		},
	}
}

func stripeSubscription(name string) rule {
	return rule{
		typ: event.Track, name: name, id: "stripe-{id}", time: stripeNow, who: stripeCustomer,
		properties: []field{
			{"subscription_id", value{[]string{"data.object.id"}, text}},
			{"status", value{[]string{"data.object.status"}, text}},
			{"plan", value{[]string{"data.object.items.data.0.price.id", "data.object.plan.id"}, text}},
			{"quantity", value{[]string{"data.object.items.data.0.quantity", "data.object.quantity"}, scalar}},
			{"cancel_at_period_end", value{[]string{"data.object.cancel_at_period_end"}, scalar}},
			{"current_period_end", value{[]string{"data.object.items.data.0.current_period_end", "data.object.current_period_end"}, unix}},
			{"reason", value{[]string{"data.object.cancellation_details.reason"}, text}},
			{"feedback", value{[]string{"data.object.cancellation_details.feedback"}, text}},
		},
	}
}

// amount is an amount of the object's currency, in the main unit; nothing where there is none.
func amount(s *scope, at node) ([]byte, error) {
	if !at.there() {
		return nil, nil
	}
	currency, err := s.currencyAt(stripeCurrency[0])
	if err != nil {
		return nil, err
	}
	a, err := minor(currency, at)
	if err != nil {
		return nil, err
	}
	return formatted(currency, a), nil
}

// netOfRefunds is what a charge took less all that it has given back. What a capture leaves of the amount that was reserved
// is among the refunds as well; so it is the lesser of what was captured and of the amount without the refunds.
func netOfRefunds(s *scope, at node) ([]byte, error) {
	currency, err := s.currencyAt(stripeCurrency[0])
	if err != nil {
		return nil, err
	}
	reserved, err := minor(currency, at)
	if err != nil {
		return nil, err
	}
	captured, back := reserved, money.Amount(0)
	for _, part := range [...]struct {
		path string
		to   *money.Amount
	}{{"data.object.amount_captured", &captured}, {"data.object.amount_refunded", &back}} {
		if n := s.at(part.path); n.there() {
			if *part.to, err = minor(currency, n); err != nil {
				return nil, err
			}
		}
	}
	net, err := reserved.Sub(back)
	if net = min(net, captured); err != nil || net < 0 {
		return nil, fault.At(at.path, "%s must not be less than what was refunded of it", at.path[1:])
	}
	return formatted(currency, net), nil
}

// optedIn reads a checkout's consent to promotions.
func optedIn(_ *scope, at node) ([]byte, error) {
	switch at.text() {
	case "opt_in":
		return []byte("true"), nil
	case "opt_out":
		return []byte("false"), nil
	}
	return nil, nil
}
