package webhook_test

import (
	"context"
	cryptorand "crypto/rand"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"liuke/infra/local/engine"
	"liuke/shared/customer"
	"liuke/shared/dynamo"
	"liuke/shared/fold"
	"liuke/shared/webhook"
)

// TestWebhooksOfOneCustomerMeetInOneCustomer folds deliveries into the real engine in many orders, each of them twice:
// what names only an order reaches the customer, and the money is exact.
func TestWebhooksOfOneCustomerMeetInOneCustomer(t *testing.T) {
	cases := []struct {
		name     string
		samples  []string
		customer customer.ID
		visitor  customer.ID // of the order
		net      int64       // minor units of CNY, at 7.1 for a US dollar
	}{
		{"a Shopify order, refunded by a webhook that names no customer",
			[]string{"shopify_orders_create", "shopify_refunds_create", "shopify_orders_paid"}, "115310627314723954", "anonymous:shopify-order-820982911946154508", 252_803},
		{"a Shopify guest's order, refunded the same way",
			[]string{"shopify_orders_create_guest", "shopify_refunds_create"}, customer.ID(webhook.GuestID("jo@shop.example")), "anonymous:shopify-order-820982911946154508", 252_803},
		{"a Stripe charge, refunded in part, in dispute and lost",
			[]string{"stripe_charge_succeeded", "stripe_charge_refunded", "stripe_dispute_created", "stripe_dispute_lost"}, "cus_NffrFeUfNV2Hib", "anonymous:stripe-ch_3PsampleT4ylgIT01aBcDeFg", -2130},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(6) {
				deliveries := slices.Concat(samples(t, c.samples...), samples(t, c.samples...))
				rand.New(rand.NewPCG(seed, 7)).Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
				folder, store := newFolder(t)
				for _, d := range deliveries {
					for _, o := range folder.Fold(t.Context(), intake(t, d).Events) {
						if o.Err != nil {
							t.Fatalf("seed %d: %v", seed, o.Err)
						}
					}
				}
				audit, err := folder.Audit(t.Context(), c.customer)
				if err != nil || !audit.Agrees || audit.Orders != 1 || audit.Net != c.net {
					t.Fatalf("seed %d: %+v, %v; want one order of %d", seed, audit, err, c.net)
				}
				if root, err := store.Root(t.Context(), c.visitor); err != nil || root.ID != c.customer {
					t.Fatalf("seed %d: the order's visitor is %q, %v", seed, root.ID, err)
				}
			}
		})
	}
}

// newFolder returns a folder over empty tables of the real engine.
func newFolder(t *testing.T) (*fold.Folder, *dynamo.Store) {
	t.Helper()
	customers, records := engine.NewTables(t)
	store := dynamo.New(engine.Config(engine.StartDynamoDB(t)), customers, records)
	return &fold.Folder{
		Settings: fold.Settings{Zone: time.UTC, Money: tracking(t).Money},
		Store:    store,
		Sleep:    func(context.Context, time.Duration) error { return nil },
		Jitter:   func() float64 { return 0.5 },
		Random:   cryptorand.Reader,
	}, store
}
