import { useMemo } from 'react';
import { partsOf } from '@/filter/group.ts';
import { Card, cardTrend } from './card.tsx';
import { trendColumn } from './columns.ts';
import { GroupName, sizesOf, windowOf, type RowsProps } from './lines.tsx';
import type { RowProps } from './rows.tsx';
import { TrendLayer, type TrendPlace } from './trend.tsx';

/** How high a card is, in pixels. */
export const cardHeight = 76;

/** The last hour lies where a card's last column leaves room for it. */
const trendOfCard: TrendPlace = {
  head: 0,
  rowHeight: cardHeight,
  width: cardTrend,
  right: 12,
  inset: { x: 0, top: 50, bottom: 8 },
};

/** The rows of a table as cards. */
export function CardList({
  label,
  ids,
  columns,
  virtual,
  rowHeight,
  chosen,
  onChoose,
  choosing,
  sorted,
}: RowsProps & {
  chosen: ReadonlySet<string> | undefined;
  onChoose: RowProps['onChoose'];
  choosing: boolean;
  sorted: string;
}) {
  const { items, before, after } = windowOf(ids, virtual);
  const sizes = useMemo(() => sizesOf(ids), [ids]);
  const list = (
    <ul
      aria-label={label}
      style={{ '--card': `${rowHeight}px`, paddingTop: before, paddingBottom: after } as React.CSSProperties}
    >
      {items.map(({ line, index }) => {
        const { id, group } = partsOf(line);
        return (
          <li key={line}>
            {id === '' ? (
              <p className="bg-bg border-line flex h-(--card) items-end border-b px-3 pb-2 text-sm font-medium">
                <GroupName name={group ?? ''} size={sizes.get(group ?? '') ?? 0} />
              </p>
            ) : (
              <Card
                id={id}
                index={index}
                columns={columns}
                sorted={sorted}
                chosen={chosen?.has(id)}
                onChoose={onChoose}
                choosing={choosing || (chosen?.size ?? 0) > 0}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
  if (!columns.some((c) => c.name === trendColumn)) return list;
  return (
    <>
      {list}
      <TrendLayer
        ids={items.map(({ line }) => partsOf(line).id)}
        sorted={sorted}
        top={before}
        place={trendOfCard}
      />
    </>
  );
}
