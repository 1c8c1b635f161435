package comment_test

import (
	"context"
	"fmt"

	"liuke/shared/comment"
)

func ExampleLocal_Analyze() {
	var analyzer comment.Analyzer = comment.Local{}
	for _, text := range []string{
		"The courier was two days late, and nobody answered at jane@example.com.",
		"物流很快，客服小姐姐也很耐心，就是包装有点破。",
		"我在前台取的包裹。",
	} {
		insight, err := analyzer.Analyze(context.Background(), text)
		if err != nil {
			panic(err)
		}
		fmt.Println(insight.Language, insight.Sentiment, insight.Topics, insight.Keywords)
	}
	// Output:
	// en negative [delivery service] [courier late answered nobody]
	// zh positive [service delivery staff] [物流 客服 小姐姐 耐心 包装 很快]
	// zh neutral [staff delivery] [前台 包裹]
}
