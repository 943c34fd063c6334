package doctor

import "github.com/jms-sync/jms-sync/core/inventory"

// visibilityText returns what a listing of the account covers, and what the cloud can hide from a key without an
// error. Whether it does so cannot be asked. The sources are in the package doc of each adapter.
func (a Account) visibilityText() Text {
	switch a.Cloud {
	case inventory.Alibaba:
		return newText("这个账号，逐个地域；RAM 只授予部分资源组、标签或实例时，列表整个为空并报缺权限，不会悄悄少几台",
			"this account, region by region; with rights for some resource groups, tags or instances only, the list is empty as a whole and that is told: none is hidden in silence")
	case inventory.AWS:
		return newText("这个账号，逐个地域；IAM 对列表只能全部允许或拒绝，不会悄悄少几台",
			"this account, region by region; IAM allows or refuses the list as a whole: none is hidden in silence")
	case inventory.Huawei:
		return newText("每个地域的一个 IAM 项目，以及其中密钥获得授权的企业项目；别的企业项目的服务器不在列表里，也不报错：它们不算已释放，但该地域的移除会暂缓。把权限授予整个项目",
			"one IAM project of each region, and in it the enterprise projects that the key is granted; servers of others are left out without an error: they do not count as released, but removals of the region are held. Grant the rights for the whole project")
	case inventory.Tencent:
		return newText("这个账号，逐个地域；CAM 只授予部分资源或标签时，其余实例不在列表里，也不报错：它们不算已释放，但该地域的移除会暂缓。资源写 *",
			"this account, region by region; with CAM rights for some resources or tags only, the others are left out without an error: they do not count as released, but removals of the region are held. Grant *")
	case inventory.Azure:
		return newText("一个订阅；只有资源组上的权限会被发现并算失败。资源组上的拒绝分配（deny assignment）会悄悄藏起其中的机器：它们的移除要等相隔 10 分钟的两次同步，不要用它收回读取权限",
			"one subscription; rights on some resource groups only are noticed, and fail. A deny assignment on a resource group hides its machines without an error: their removal takes two runs ten minutes apart. Do not take reading away by one")
	}
	return Text{}
}
