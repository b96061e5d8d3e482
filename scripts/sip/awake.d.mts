export declare function awakeMilliseconds(): number;
export declare function afterAwake(milliseconds: number, act: () => void): () => void;
