package walk

func walkQuickStart(w *world) []step {
	w.fillInstances("cn-hangzhou", 1, 3)
	return []step{
		{run: "git clone"},
		{run: "cd jms-sync"},
		{run: "make demo"},
		{run: "make build"},
		{run: "export JMS_KEY_ID"},
		{run: "export JMS_KEY_SECRET"},
		{run: "export ALIYUN_KEY_ID"},
		{run: "export ALIYUN_KEY_SECRET"},
		{run: "cat > config.yaml"},
		{run: "bin/jms-sync plan"},
		{run: "bin/jms-sync"},
		{run: "bin/jms-sync plan"},
	}
}
