package webhook_test

import (
	"bytes"
	"fmt"
	"testing"

	"liuke/shared/dynamo"
)

// TestWhatAnOrdersWebhookCostsToFold measures the write units of a known customer's next order by orders/create, and of
// the same webhook coming again. Beside the four units of an order by the tracking API, an order by webhook pays for its
// traits and for the link by which a refund that names the order alone finds the customer.
func TestWhatAnOrdersWebhookCostsToFold(t *testing.T) {
	t.Parallel()
	const rounds = 10
	folder, _ := newFolder(t)
	order := func(n int, m *dynamo.Meter) {
		d := sample(t, "shopify_orders_create")
		d.Body = bytes.ReplaceAll(d.Body, []byte("820982911946154508"), fmt.Appendf(nil, "82098291194615%04d", n))
		for _, o := range folder.Fold(dynamo.WithMeter(t.Context(), m), intake(t, d).Events) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
		}
	}
	var first, next, again dynamo.Meter
	order(0, &first)
	for n := range rounds {
		order(1+n, &next)
	}
	for n := range rounds {
		order(1+n, &again)
	}
	_, write := next.Units()
	_, replayed := again.Units()
	t.Logf("%.1f write units an order", write/rounds)
	if most := 12.0; write/rounds > most {
		t.Errorf("%.1f write units an order, want at most %.0f", write/rounds, most)
	}
	if replayed != 0 {
		t.Errorf("replays cost %.1f write units", replayed)
	}
}
