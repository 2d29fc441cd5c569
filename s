{"pth":1,"type":"test","id":"001-a"}
{"pth":1,"type":"end","tests":1}
