package webhook_test

import (
	"runtime"
	"strings"
	"testing"

	"liuke/shared/webhook"
)

// TestTheLargestBodiesAreReadInBoundedMemory reads bodies of the largest size that cost the most for each byte: what is
// allocated in all stays within a small multiple.
func TestTheLargestBodiesAreReadInBoundedMemory(t *testing.T) {
	const most = 64 // times the body
	fill := func(head, piece, tail string) string {
		return head + strings.Repeat(piece, (webhook.MaxBytes-len(head)-len(tail))/len(piece)) + tail
	}
	for name, body := range map[string]string{
		"an order of many lines":             fill(`{"id":7,"currency":"CNY","total_price":"1","customer":{"id":1},"line_items":[{}`, `,{"sku":"a","price":"1.00","quantity":1,"properties":[]}`, `]}`),
		"empty objects as far as it goes":    fill(`{"id":7,"currency":"CNY","total_price":"1","customer":{"id":1},"line_items":[{}`, `,{}`, `]}`),
		"numbers as far as it goes":          fill(`{"a":[1`, `,1`, `]}`),
		"brackets beyond what a decoder has": fill(`{"a":`, `[`, `}`),
		"refunds as far as it goes":          fill(`{"id":7,"currency":"CNY","total_price":"1","customer":{"id":1},"refunds":[{}`, `,{"transactions":[{"id":1,"kind":"void"}]}`, `]}`),
	} {
		t.Run(name, func(t *testing.T) {
			d := deliver(webhook.Shopify, "orders/create", body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			webhook.Read(d)
			runtime.ReadMemStats(&after)
			if times := (after.TotalAlloc - before.TotalAlloc) / uint64(len(body)); times > most {
				t.Errorf("%d times the body is allocated in all", times)
			} else {
				t.Logf("%d times the body", times)
			}
		})
	}
}
