// The dispatcher writes its reasons once, in English, into the log that may not change. Readers of Chinese get them in
// Chinese: phrase by phrase, with plates in place of vehicle numbers; what is not known here stays as it was written.

const PHRASES: [RegExp, string][] = [
  [/best for all waiting orders together: (\d+) s away, of (\d+) that may take it/g, '全部等车订单一起权衡最优：$1 秒可到，$2 辆车可接'],
  [/: (\d+) s away, of (\d+) that may take it/g, '：$1 秒可到，$2 辆车可接'],
  [/nobody within (\d+) s: /g, '$1 秒内没有车：'],
  [/(\S+) could come but for one thing: /g, '$1 本可以来，只差一点：'],
  [/a radius of (\d+) m instead of (\d+) m: (\S+) could come/g, '半径从 $2 米放宽到 $1 米，$3 就能来'],
  [/its position is older than 5 min/g, '位置超过 5 分钟没有更新'],
  [/its class was not asked for/g, '不是所要的车型'],
  [/it has no permit of its class/g, '没有相应许可'],
  [/the place lies outside its area/g, '上车点不在其营运范围'],
  [/too few seats/g, '座位不够'],
  [/no place for a wheelchair/g, '没有轮椅位'],
  [/its driver is missing or blocked/g, '没有司机或司机停班'],
  [/it refused this order/g, '拒过这一单'],
  [/it is beyond the radius/g, '超出半径'],
  [/it is hired on the street/g, '路边载客中'],
  [/it is (off|break)\b/g, '不在岗'],
  [/it is (busy|assigned|offered|free) with (\S+)/g, '手上有订单 $2'],
  [/it may take the order/g, '可以接单'],
  [/costs (\d+) s more/g, '代价多 $1 秒'],
  [/taken by (\S+)/g, '派给了 $1'],
  [/no vehicle is on duty/g, '没有在岗的车'],
  [/no vehicle is free/g, '没有空车'],
  [/the best vehicle costs (\d+) s, more than to wait \((\d+) s\)/g, '最好的车代价 $1 秒，不如再等（$2 秒）'],
  [/leave_s higher by (\d+) s/g, '落单代价提高 $1 秒'],
  [/all near vehicles serve orders that matter more/g, '附近的车都给了更要紧的订单'],
  [/one more vehicle within (\d+) m/g, '$1 米内再有一辆车'],
  [/best to wait for (\S+), which is free soon/g, '等 $1 空出来最好'],
  [/waiting (\d+) s/g, '再等 $1 秒'],
  [/no free vehicle with a place for a wheelchair within (\d+) m/g, '$1 米内没有带轮椅位的空车'],
  [/no free vehicle within (\d+) m/g, '$1 米内没有空车'],
  [/^wait: /g, '等候：'],
  [/^price: the destination is not known yet/g, '目的地未定，先不报价'],
];

export function reasonText(text: string, english: boolean, plate: (id: string) => string = (id) => id): string {
  const words = english ? text : PHRASES.reduce((said, [from, to]) => said.replace(from, to), text);
  return words.replace(/VE-\d+/g, plate);
}
